/**
 * Random configs over every step, on random hosts with things of others on them, with random faults. What has to hold:
 * a run ends with 0, 1 or 3, and a refused one touched nothing; after a 0 there is nothing left to do; after a fault,
 * wherever it was, the next run converges as if there had been none; what is others' stays; planning changes nothing;
 * what leaves the config leaves the host, as far as it is phx's; and no secret is anywhere.
 *
 * PHX_PROPERTY_RUNS sets how many worlds are tried, PHX_PROPERTY_SEED repeats a series.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { SimulatedHost } from '../../lib/host/simulated/host.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { bareHost, call, containers, ground, secretFiles } from './everything.ts'
import { assertKept, type Others, othersOn, type Planted, plant, planted } from './others.ts'
import { loaded, type Ran, Setup } from './setup.ts'
import { chosen, type Fault, fault, faulty, type Later, later, onPools, type Section } from './steps.ts'

const numRuns = Number(process.env.PHX_PROPERTY_RUNS ?? 12)
const seed = process.env.PHX_PROPERTY_SEED
/** Making a counterexample small takes minutes: only when a series is repeated. */
const parameters = {
  numRuns,
  includeErrorInReport: true,
  ...(seed === undefined ? { endOnFailure: true } : { seed: Number(seed) }),
}

const hostOf = (state: SimState): SimulatedHost =>
  new SimulatedHost(structuredClone(state), null, { trustQueries: true })

/** With the pool of the containers, and one container; made once. */
async function baseHost(): Promise<SimState> {
  const host = hostOf(bareHost())
  const setup = new Setup(host, ground)
  const { summary } = await setup.run()
  setup.clean()
  assert.is(summary.exitCode, 0)
  await host.change((state) => call(state, containers[0] ?? ''))
  return host.state
}
const base = await baseHost()

const markers = Object.values(secretFiles)
/** Where secrets lie by their nature. */
const keepers = new Set([
  ...Object.keys(secretFiles),
  '/etc/shadow',
  '/etc/shadow-',
  '/var/lib/samba/private/passdb.tdb',
])

function assertNoSecret(texts: Readonly<Record<string, string>>, state: SimState): void {
  const files = Object.entries(state.files).filter(([path]) => !keepers.has(path))
  const all = { ...texts, ...Object.fromEntries(files.map(([path, { content }]) => [path, content])) }
  for (const [what, text] of Object.entries(all)) {
    for (const marker of markers) assert.not.ok(text.includes(marker), `a secret in ${what}`)
  }
}

const said = ({ summary, events }: Ran): string =>
  JSON.stringify({
    failed: summary.tasks.filter(({ outcome }) => outcome !== 'changed' && outcome !== 'unchanged'),
    refusals: events.flatMap((event) => (event.type === 'plan' ? event.plan.refusals.map(({ why }) => why) : [])),
  })

/** Nothing is left to do, and everything says so. */
async function assertDone(setup: Setup, when: string): Promise<void> {
  const before = JSON.stringify(setup.host.state)
  const again = await setup.run()
  assert.is(again.summary.exitCode, 0, `${when}: the second run: ${said(again)}`)
  assert.equal(again.commands, [], `${when}: the second run did something`)
  assert.is(again.summary.mutations, 0)
  const { tasks } = await setup.plan()
  assert.equal(
    tasks.flatMap(({ changes, refusals }) => [...changes.map(({ summary }) => summary), ...refusals]),
    [],
    when,
  )
  const fine = ['up to date', 'reboot required']
  for (const { task, reason } of await setup.status()) assert.ok(fine.includes(reason.standing), `${when}: ${task}`)
  assert.is(JSON.stringify(setup.host.state), before, `${when}: a run with nothing to do changed the host`)
}

/** What is phx's on the host by the section that it comes from. */
const traces: Readonly<Partial<Record<Section, (state: SimState) => readonly string[]>>> = {
  users: ({ files }) => Object.keys(files).filter((path) => path.startsWith('/etc/sudoers.d/phx')),
  // Features of VMs are exported as well.
  nfs: ({ files }) =>
    (files['/etc/exports.d/phx.exports']?.content.split('\n') ?? []).filter((line) =>
      /^\/(?!quick\/features\/)/.test(line),
    ),
  samba: ({ files }) => [
    ...Object.keys(files).filter((path) => path === '/etc/samba/phx.conf'),
    ...(files['/etc/samba/smb.conf']?.content.split('\n').filter((line) => line.includes('phx')) ?? []),
  ],
  firewall: ({ files }) =>
    ['/etc/ufw/user.rules', '/etc/ufw/user6.rules'].flatMap((path) =>
      [...(files[path]?.content ?? '').matchAll(/^### tuple ###.* comment=(\S+)/gm)]
        .map(([, hex = '']) => Buffer.from(hex, 'hex').toString())
        .filter((comment) => comment.startsWith('phx')),
    ),
  vm_features: ({ files }) => Object.keys(files).filter((path) => path.startsWith('/quick/features/vm-features/8')),
}

const without = (document: PhxConfig, section: Section): PhxConfig => {
  const { [section]: _, ...rest } = document
  return rest
}

const seen = { valid: 0, refused: 0, changed: 0, faults: 0, withdrawn: 0, meddled: 0, rebooted: 0 }

/** Numbers are dealt in the order in which accounts are made. */
function nameIn(state: SimState, path: string): (id: number) => string {
  const rows = (state.files[path]?.content ?? '').split('\n').map((line) => line.split(':'))
  const names = new Map(rows.map(([name = '', , id]) => [Number(id), name]))
  return (id) => names.get(id) ?? String(id)
}

/** What outlives a run, one line each: files and datasets. */
function linesOf(state: SimState): string[] {
  const [user, group] = [nameIn(state, '/etc/passwd'), nameIn(state, '/etc/group')]
  const files = Object.entries(state.files).flatMap(([path, { type, mode, uid = 0, gid = 0, content }]) => {
    // Their entries have the day, or follow the order in which accounts were made.
    const isDated = /^\/etc\/(shadow|gshadow|passwd|group|subuid|subgid)-?$|^\/var\/(log|lib\/(apt|dpkg|samba))\//.test(
      path,
    )
    // Tasks that run at once add their sections in either order.
    const text = path.startsWith('/etc/pve/') ? content.split('\n\n').sort().join('\n\n') : content
    return isDated ? [] : [`${path} ${type} ${mode} ${user(uid)}:${group(gid)} ${text}`]
  })
  const datasets = state.pools.flatMap(({ datasets: all }) => all.map(({ name, type }) => `${type} ${name}`))
  return [...files, ...datasets].sort()
}

/** A run with a fault, then one without: the host is as it had to be, `clean` being one that had no fault. */
async function afterFault(state: SimState, document: PhxConfig, wrong: Fault, others: Others, clean: SimState) {
  const setup = new Setup(hostOf(state), document)
  try {
    const { host, happened } = faulty(setup.host, wrong)
    const first = await setup.run(host).catch((error: unknown) => {
      if (wrong.kind.startsWith('killed') && happened()) return undefined
      throw error
    })
    if (!happened()) return
    seen.faults += 1
    const when = `after change ${wrong.nth} ${wrong.kind}`
    if (first !== undefined) assert.ok([0, 1].includes(first.summary.exitCode), `${when}: ${first.summary.exitCode}`)
    assertKept(setup.host.state, others, when)
    const next = await setup.run()
    assert.is(next.summary.exitCode, 0, `${when}: ${said(next)}`)
    await assertDone(setup, when)
    assertKept(setup.host.state, others, when)
    assertNoSecret({ state: setup.stateTexts(), events: JSON.stringify([first, next]) }, setup.host.state)
    const [now, wanted] = [new Set(linesOf(setup.host.state)), new Set(linesOf(clean))]
    const differs = [...now].filter((line) => !wanted.has(line)).map((line) => `+ ${line}`)
    differs.push(...[...wanted].filter((line) => !now.has(line)).map((line) => `- ${line}`))
    assert.is(differs.join('\n'), '', `${when}: not as without it: ${differs.join('; ')}`)
  } finally {
    setup.clean()
  }
}

/** Takes a section away: what is phx's of it goes, all else stays as it is. */
async function withdraw(setup: Setup, section: Section, others: Others): Promise<void> {
  const rest = without(setup.config, section)
  if (!(section in setup.config) || 'wrong' in loaded(rest)) return
  setup.config = rest
  const ran = await setup.run()
  assert.ok([0, 3].includes(ran.summary.exitCode), `without ${section}: ${said(ran)}`)
  assertKept(setup.host.state, others, `without ${section}`)
  if (ran.summary.exitCode === 3) return
  seen.withdrawn += 1
  assert.equal(traces[section]?.(setup.host.state) ?? [], [], `without ${section} there is left of it`)
  await assertDone(setup, `without ${section}`)
}

/** Somebody does something: it is put right, or refused with nothing touched. */
async function meddle(setup: Setup, line: string, stdin: string): Promise<void> {
  const { exitCode } = await setup.host.change((state) => callTool(state, line.split(' '), stdin))
  if (exitCode !== 0) return
  seen.meddled += 1
  const others = othersOn(setup.host.state)
  const before = JSON.stringify(setup.host.state)
  const ran = await setup.run()
  assert.ok([0, 3].includes(ran.summary.exitCode), `after ${line}: ${said(ran)}`)
  assertKept(setup.host.state, others, `after ${line}`)
  if (ran.summary.exitCode === 0) await assertDone(setup, `after ${line}`)
  else assert.is(JSON.stringify(setup.host.state), before, `after ${line}: a refused run changed the host`)
}

/** What waits for a reboot is done by the first run after it; where nothing waits, there is nothing to do. */
async function reboot(setup: Setup): Promise<void> {
  const waits = (await setup.status()).some(({ reason }) => reason.standing === 'reboot required')
  await setup.host.change((state) => call(state, 'sim reboot'))
  seen.rebooted += 1
  const ran = await setup.run()
  assert.is(ran.summary.exitCode, 0, `after the reboot: ${said(ran)}`)
  if (!waits) assert.equal(ran.commands, [], 'after the reboot')
  assert.equal(ran.summary.rebootRequired, [])
  await assertDone(setup, 'after the reboot')
}

async function live(some: PhxConfig, what: Planted, wrong: Fault, steps: readonly Later[]): Promise<void> {
  const document = onPools(some)
  if ('wrong' in loaded(document)) return
  seen.valid += 1
  const state = structuredClone(base)
  plant(state, what)
  const others = othersOn(state)
  const setup = new Setup(hostOf(state), document)
  try {
    const text = JSON.stringify(setup.host.state)
    const planning = await setup.plan()
    const standings = await setup.status()
    assert.is(JSON.stringify(setup.host.state), text, 'planning changed the host')
    assert.is(setup.stateTexts(), '', 'planning changed the state folder')

    const first = await setup.run()
    const { exitCode, mutations } = first.summary
    assert.ok([0, 3].includes(exitCode), said(first))
    assertKept(setup.host.state, others, 'after the first run')
    const artefacts = { plan: JSON.stringify([planning, standings]), events: JSON.stringify(first) }
    assertNoSecret({ ...artefacts, state: setup.stateTexts() }, setup.host.state)
    if (mutations > 0) seen.changed += 1
    if (exitCode === 3) {
      seen.refused += 1
      assert.is(JSON.stringify(setup.host.state), text, 'a refused run changed the host')
      return
    }
    await assertDone(setup, 'after the first run')
    await afterFault(state, document, wrong, others, setup.host.state)
    await reboot(setup)
    for (const step of steps) {
      if ('without' in step) await withdraw(setup, step.without, othersOn(setup.host.state))
      else await meddle(setup, step.line, step.stdin)
    }
  } finally {
    setup.clean()
  }
}

test('every step, on random worlds', async () => {
  await fc.assert(fc.asyncProperty(chosen, planted, fault, later, live), parameters)
  if (numRuns >= 40) for (const [name, count] of Object.entries(seen)) assert.ok(count > 0, `${name}: no world`)
  console.log(`worlds: ${JSON.stringify(seen)}`)
})

test.run()
