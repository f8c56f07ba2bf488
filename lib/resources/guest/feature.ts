/**
 * A feature: a script that is run once, until it changes. It runs as a systemd unit of its own, so that it goes on when
 * phx is cut off; a marker says which script was run and how that ended, and the next run goes on from both. Where the
 * script brings checks of its own, they decide in the marker's place whether one that isn't running has to run.
 */
import type { Check } from '../../config/feature-checks.ts'
import type { FeatureScript } from '../../config/feature-scripts.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import { Hopeless } from '../../engine/hopeless.ts'
import type { Change, Comparison, Lock, Look, Note, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { sha256Of } from '../file/download.ts'
import { GrowingLog } from './feature-log.ts'
import { type Marker, markerOf, markersFolder, markersProbe } from './feature-markers.ts'
import { failureOf, unitOf, unitState } from './feature-unit.ts'
import { writeSteps } from './write.ts'

const logs = '/var/log/phx'

export interface DeclaredFeature {
  readonly script: FeatureScript
  readonly timeoutSeconds: number
  /** Names of all the guest's features, this one among them. */
  readonly among: readonly string[]
  /** Where the share of vm-features has it; null when it is sent by itself. */
  readonly onShare: string | null
}

const scriptOf = (name: string): string => `${markersFolder}/${name}.sh`
const logOf = (name: string): string => `${logs}/${name}.log`

export class Feature implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = []
  readonly #feature: DeclaredFeature

  constructor(feature: DeclaredFeature) {
    this.id = `feature:${feature.script.name}`
    this.#feature = feature
  }

  async compare(look: Look): Promise<Comparison> {
    const { name, sha256, checks } = this.#feature.script
    const marker = (await look.at(markersProbe(this.#feature.among))).get(name)
    if (marker?.result === 'running') return this.#begun(look, marker)
    const failing = await failingCheck(look.reader, checks)
    const result = marker?.result ?? (checks.length > 0 && failing === undefined ? 'found there' : 'never run')
    const live = { script: marker?.sha256 ?? null, result, ...(checks.length > 0 ? { check: failing ?? 'holds' } : {}) }
    const nothing = { changes: [], refusals: [], notes: [] }
    const isSo = checks.length > 0 ? failing === undefined : marker?.sha256 === sha256
    if (!isSo) return { ...nothing, changes: [await this.#run(look, result, marker, failing)], live }
    const isOther = marker !== undefined && marker.sha256 !== sha256
    return { ...nothing, notes: isOther ? [this.#otherScript()] : [], live }
  }

  /** By a run before this one: it goes on by itself, or was cut off half way, and then no check tells that it is whole. */
  async #begun(look: Look, marker: Marker): Promise<Comparison> {
    const unit = await unitState(look.reader, marker.name)
    const live = { script: marker.sha256, result: 'running' }
    const nothing = { refusals: [], notes: [] }
    if (['active', 'activating', 'exited'].includes(unit.active))
      return { ...nothing, changes: [this.#wait(marker.sha256)], live }
    const how = unit.active === 'failed' ? `failed (${unit.result}, exit code ${unit.exit})` : 'interrupted'
    return { ...nothing, changes: [await this.#run(look, how, marker)], live: { ...live, result: how } }
  }

  #otherScript(): Note {
    const text = `the script of feature ${this.#feature.script.name} is another one than was run; its own check holds, so it is not run again`
    return { resource: this.id, level: 'info', text }
  }

  async #run(look: Look, before: string, marker: Marker | undefined, failing?: string): Promise<Change> {
    const { script, onShare } = this.#feature
    const { name, sha256, content } = script
    const isShared = onShare !== null && (await isSame(look.reader, onShare, sha256))
    const path = scriptOf(name)
    const given: Step[] = isShared
      ? [{ kind: 'command', argv: ['install', '-m', '0700', onShare, path] }]
      : writeSteps({ path, mode: 0o700, content: Buffer.from(content) })
    return {
      resource: this.id,
      action: marker === undefined ? 'create' : 'run',
      risk: 'safe',
      summary: `run feature ${name}`,
      fields: [
        ...(marker?.sha256 === sha256 ? [] : [{ field: 'script', from: marker?.sha256 ?? null, to: sha256 }]),
        ...(failing === undefined ? [] : [{ field: 'check', from: failing, to: 'holds' }]),
        ...(before === 'done' ? [] : [{ field: 'result', from: before, to: 'done' }]),
      ],
      steps: [
        { kind: 'command', argv: ['mkdir', '-p', markersFolder, logs] },
        ...given,
        isScript(path, sha256),
        ...mark({ name, sha256, result: 'running' }),
        ...this.#started(name, path),
        ...this.#ended(sha256),
      ],
      undo: { impossible: 'what a script did, only its author can undo' },
    }
  }

  /** A run before this one started it and was cut off; it may be another script than the one that is declared now. */
  #wait(sha256: string): Change {
    const { name, sha256: declared } = this.#feature.script
    return {
      resource: this.id,
      action: 'run',
      // The declared one comes after it.
      ...(sha256 === declared ? {} : { reveals: true as const }),
      risk: 'safe',
      summary: `wait for feature ${name}, which a run before this one started`,
      fields: [{ field: 'result', from: 'running', to: 'done' }],
      steps: this.#ended(sha256),
      undo: { impossible: 'nothing is changed' },
    }
  }

  #started(name: string, path: string): Step[] {
    const { timeoutSeconds } = this.#feature
    const properties = [
      `StandardOutput=append:${logOf(name)}`,
      `StandardError=append:${logOf(name)}`,
      `RuntimeMaxSec=${timeoutSeconds}`,
      'Environment=DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C.UTF-8',
    ]
    return [
      // Of the time before; that there is none is no failure.
      { kind: 'command', argv: ['mv', '-f', logOf(name), `${logOf(name)}.1`], judge: () => undefined },
      { kind: 'command', argv: ['systemctl', 'stop', unitOf(name)], judge: () => undefined },
      { kind: 'command', argv: ['systemctl', 'reset-failed', unitOf(name)], judge: () => undefined },
      {
        kind: 'command',
        argv: [
          'systemd-run',
          `--unit=${unitOf(name)}`,
          '--remain-after-exit',
          ...properties.map((property) => `--property=${property}`),
          '--',
          path,
        ],
      },
    ]
  }

  /** `sha256` is that of the script that runs. */
  #ended(sha256: string): Step[] {
    const { script, timeoutSeconds } = this.#feature
    const { name } = script
    const log = new GrowingLog(logOf(name))
    return [
      {
        kind: 'verify',
        what: `feature ${name} has ended well`,
        withinMs: (timeoutSeconds + 30) * 1000,
        mend: [
          `its output, in the guest: less ${logOf(name)}`,
          `what systemd knows of it: systemctl status ${unitOf(name)}`,
        ],
        check: async (reader, tell) => {
          const unit = await unitState(reader, name)
          const added = await log.added(reader)
          if (added !== '') tell(added)
          if (unit.active === 'exited') return undefined
          if (unit.active === 'failed')
            throw new Hopeless(failureOf(name, unit, timeoutSeconds, await log.end(reader, 10)))
          if (unit.active === 'gone')
            throw new Hopeless(`feature ${name} was cut off: the guest restarted, or somebody stopped it`)
          return `it runs${log.last === '' ? '' : `; it said last: ${log.last}`}`
        },
      },
      ...mark({ name, sha256, result: 'done' }),
      { kind: 'command', argv: ['systemctl', 'stop', unitOf(name)] },
      ...(sha256 === script.sha256 && script.checks.length > 0 ? [this.#isThere()] : []),
    ]
  }

  /** What it starts may take a moment. */
  #isThere(): Step {
    const { name, checks } = this.#feature.script
    return {
      kind: 'verify',
      what: `feature ${name} is there, as its own check has it`,
      withinMs: 10_000,
      mend: [`its output, in the guest: less ${logOf(name)}`, `mend the script, or its lines "# phx-check: …"`],
      check: (reader) => failingCheck(reader, checks),
    }
  }
}

/** The first that doesn't hold, or undefined. */
async function failingCheck(reader: Reader, checks: readonly Check[]): Promise<string | undefined> {
  for (const check of checks) {
    const { exitCode, notFound } = await reader.query(check)
    if (exitCode === null) throw new CannotLook(`${check.join(' ')} did not come back`)
    if (exitCode !== 0) return `${check.join(' ')}: ${notFound ? 'not installed' : `exit code ${exitCode}`}`
  }
  return undefined
}

const mark = (marker: Marker): Step[] =>
  writeSteps({ path: markerOf(marker.name), mode: 0o644, content: Buffer.from(`${JSON.stringify(marker)}\n`) })

const isScript = (path: string, sha256: string): Step => ({
  kind: 'verify',
  what: `${path} is the declared script`,
  check: async (reader) => ((await isSame(reader, path, sha256)) ? undefined : 'it has another SHA-256'),
})

async function isSame(reader: Reader, path: string, sha256: string): Promise<boolean> {
  const found = await sha256Of(reader, path)
  return 'sum' in found && found.sum === sha256
}
