/**
 * A feature: a script that is run once, until it changes. It runs as a systemd unit of its own, so that it goes on when
 * phx is cut off; a marker says which script was run and how that ended, and the next run goes on from both.
 */
import type { FeatureScript } from '../../config/feature-scripts.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import { Hopeless } from '../../engine/hopeless.ts'
import type { Change, Comparison, Lock, Look, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { sha256Of } from '../file/download.ts'
import { writeSteps } from './write.ts'

const folder = '/var/lib/phx/features'
const logs = '/var/log/phx'

export interface DeclaredFeature {
  readonly script: FeatureScript
  readonly timeoutSeconds: number
  /** Where the share of vm-features has it; null when it is sent by itself. */
  readonly onShare: string | null
}

interface Marker {
  readonly name: string
  /** Of the script. */
  readonly sha256: string
  readonly result: 'running' | 'done'
}

const markerOf = (name: string): string => `${folder}/${name}.json`
const scriptOf = (name: string): string => `${folder}/${name}.sh`
const logOf = (name: string): string => `${logs}/${name}.log`
const unitOf = (name: string): string => `phx-feature-${name}.service`

/** What systemd says of the script's unit. */
interface UnitState {
  readonly active: string
  readonly exit: string
  readonly result: string
}

async function unitState(reader: Reader, name: string): Promise<UnitState> {
  const properties = 'LoadState,ActiveState,SubState,Result,ExecMainStatus'
  const { exitCode, stdout, stderr, notFound } = await reader.query([
    'systemctl',
    'show',
    '-p',
    properties,
    unitOf(name),
  ])
  if (notFound)
    throw new CannotLook('features are run as units of systemd, which is not there', ['use an image with systemd'])
  if (exitCode !== 0) throw new CannotLook(`can't see the unit of feature ${name}: ${stderr.trim()}`)
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1] ?? ''
  const isThere = value('LoadState') === 'loaded'
  // A unit that stays after its script has ended is `active (exited)`.
  const active = !isThere ? 'gone' : value('SubState') === 'exited' ? 'exited' : value('ActiveState')
  return { active, exit: value('ExecMainStatus'), result: value('Result') }
}

export class Feature implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = []
  readonly #feature: DeclaredFeature

  constructor(feature: DeclaredFeature) {
    this.id = `feature:${feature.script.name}`
    this.#feature = feature
  }

  async compare(look: Look): Promise<Comparison> {
    const { name, sha256 } = this.#feature.script
    const marker = await readMarker(look.reader, name)
    const live = { script: marker?.sha256 ?? null, result: marker?.result ?? 'never run' }
    const nothing = { changes: [], refusals: [], notes: [] }
    if (marker?.sha256 === sha256 && marker.result === 'done') return { ...nothing, live }
    if (marker?.result !== 'running') return { ...nothing, changes: [await this.#run(look, live.result, marker)], live }
    const unit = await unitState(look.reader, name)
    if (['active', 'activating', 'exited'].includes(unit.active))
      return { ...nothing, changes: [this.#wait(marker.sha256)], live }
    const how = unit.active === 'failed' ? `failed (${unit.result}, exit code ${unit.exit})` : 'interrupted'
    return { ...nothing, changes: [await this.#run(look, how, marker)], live: { ...live, result: how } }
  }

  async #run(look: Look, before: string, marker: Marker | undefined): Promise<Change> {
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
        { field: 'result', from: before, to: 'done' },
      ],
      steps: [
        { kind: 'command', argv: ['mkdir', '-p', folder, logs] },
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
    let told = 0
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
          const log = (await reader.readFile(logOf(name))) ?? ''
          if (log.length > told) tell(log.slice(told))
          told = log.length
          if (unit.active === 'exited') return undefined
          if (unit.active === 'failed') throw new Hopeless(failureOf(name, unit, timeoutSeconds, log))
          if (unit.active === 'gone')
            throw new Hopeless(`feature ${name} was cut off: the guest restarted, or somebody stopped it`)
          return `it runs${log === '' ? '' : `; it said last: ${log.trimEnd().split('\n').at(-1)}`}`
        },
      },
      ...mark({ name, sha256, result: 'done' }),
      { kind: 'command', argv: ['systemctl', 'stop', unitOf(name)] },
    ]
  }
}

function failureOf(name: string, { result, exit }: UnitState, timeoutSeconds: number, log: string): string {
  const how = result === 'timeout' ? `took longer than ${timeoutSeconds} s` : `ended with exit code ${exit}`
  return `feature ${name} ${how}; its last words:\n${log.trimEnd().split('\n').slice(-10).join('\n')}`
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

/** Undefined when the script never ran here; a marker that is torn says no more than that something began. */
async function readMarker(reader: Reader, name: string): Promise<Marker | undefined> {
  const text = await reader.readFile(markerOf(name))
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Marker
  } catch {
    return { name, sha256: '', result: 'running' }
  }
}
