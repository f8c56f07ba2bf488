/**
 * Marker secrets in every place that takes one, runs that go well and runs that fail, and then every artefact searched:
 * what was printed, JSON, journal, stamps, the state folder, the host's files, and the arguments of every process.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { Resource, Step, TaskModule } from '../../lib/engine/resource.ts'
import type { SecretSource } from '../../lib/engine/secret.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { ntHash } from '../../lib/resources/samba/nt-hash.ts'
import { callPhx } from '../cli/scene.ts'
import { type Ended, Program } from './program.ts'
import { Scene, tank } from './scene.ts'

const program = await Program.open()

const markers = {
  hash: '$6$phxsalt$phx-marker-of-the-hash',
  env: 'phx-marker-"in"-the-environment',
  credential: 'phx-marker\\of a credential',
  command: 'phx-marker-ü-of-a-command',
}

/** A secret in every form in which it may slip out: as it is, as JSON writes it, encoded, and as Samba hashes it. */
const forms = (secret: string): string[] => {
  const bytes = Buffer.from(secret)
  const encoded = [bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)]
  const hash = ntHash(secret)
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), ...encoded, hash, hash.toLowerCase()])]
}

const leaksIn = (text: string): string[] =>
  Object.entries(markers).flatMap(([kind, secret]) => (forms(secret).some((form) => text.includes(form)) ? [kind] : []))

function assertClean(text: string, what: string): void {
  assert.equal(leaksIn(text), [], `secrets in ${what}`)
}

/** Every file below the folder, by its path; `but` are those that hold the secrets themselves. */
function assertFolderClean(folder: string, but: readonly string[] = []): number {
  let files = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    assertClean(name, `the name of ${path}`)
    if (!statSync(path).isFile() || but.includes(path)) continue
    files++
    assertClean(readFileSync(path, 'utf8'), path)
  }
  return files
}

/** Where the tools themselves have to keep what they were given, and where the test put it. */
const keepers = ['/etc/shadow', '/etc/shadow-', '/etc/phx/secrets/ann', '/var/lib/samba/private/passdb.tdb']

const config = (scene: Scene): PhxConfig => ({
  ...tank,
  users: [{ username: 'ann', password_hash: { file: '/etc/phx/secrets/ann' }, sudo_access: true }],
  samba: {
    user: 'ann',
    password: { env: 'PHX_SAMBA_ANN' },
    users: [
      { username: 'bob', password: { credential: 'bob' } },
      { username: 'eve', password: { command: ['cat', join(scene.folder, 'eve')] } },
    ],
    shares: [{ name: 'files', path: '/tank/files', valid_users: ['ann', 'bob', 'eve'] }],
  },
})

/** A host on which all four kinds of references resolve. */
async function plant(): Promise<{ scene: Scene; variables: Record<string, string>; own: string[] }> {
  const scene = new Scene(program)
  scene.configure(config(scene))
  const credentials = join(scene.folder, 'credentials')
  mkdirSync(credentials)
  writeFileSync(join(credentials, 'bob'), `${markers.credential}\n`)
  writeFileSync(join(scene.folder, 'eve'), `${markers.command}\n`)
  await scene.sim('mkdir -p /etc/phx/secrets')
  await scene.sim('sim write /etc/phx/secrets/ann', `${markers.hash}\n`)
  await scene.sim('chmod 600 /etc/phx/secrets/ann')
  const variables = { PHX_SAMBA_ANN: markers.env, CREDENTIALS_DIRECTORY: credentials }
  return { scene, variables, own: [join(credentials, 'bob'), join(scene.folder, 'eve')] }
}

/** The simulated host's state, without the files that keep secrets by their nature. */
function hostWithoutKeepers(scene: Scene): string {
  const state: SimState = scene.state
  const files = Object.entries(state.files).filter(([path]) => !keepers.includes(path))
  return JSON.stringify({ ...state, files: Object.fromEntries(files) })
}

test('the search finds a secret in each of its forms', () => {
  for (const secret of Object.values(markers)) {
    for (const form of forms(secret)) assert.is(leaksIn(`x${form}y`).length, 1, form)
  }
})

test('whole runs on the simulated host leave no secret anywhere but where the tools keep it', async () => {
  const { scene, variables, own } = await plant()
  const said: [string, Ended][] = []
  const phx = async (code: number, ...args: string[]): Promise<Ended> => {
    const ended = await scene.phx(args, { variables })
    assert.is(ended.code, code, `phx ${args.join(' ')}: ${ended.out}${ended.err}`)
    said.push([args.join(' '), ended])
    return ended
  }
  await phx(0, 'secrets', 'check')
  await phx(0, 'plan', '-v')
  const first = await phx(0, 'run', '--json')
  assert.match(first.out, 'smbpasswd', 'the passwords were set')
  assert.match(first.out, 'chpasswd', 'the hash was set')
  await phx(0, 'run', '-v')
  assert.not.match(said.at(-1)?.[1].out ?? '', /smbpasswd|chpasswd/, 'and are taken for unchanged')

  // Other passwords there: found, and set again.
  await scene.sim('smbpasswd -s -a bob', 'another one\nanother one\n')
  await scene.sim('chpasswd --encrypted', 'ann:$6$other$one\n')
  await phx(0, 'plan', '--json')
  await phx(0, 'status', '--json')
  await phx(0, 'why', 'samba')
  await phx(0, 'run')
  const runs = await phx(0, 'runs', '--json')
  for (const { run } of (JSON.parse(runs.out) as { runs: { run: string }[] }).runs) await phx(0, 'runs', run, '-v')

  for (const [what, { out, err }] of said) assertClean(out + err, `what phx ${what} said`)
  assert.ok(assertFolderClean(join(scene.host, 'state')) > 5)
  assertFolderClean(scene.work)
  assertFolderClean(program.temporary)
  assertFolderClean(scene.folder, [...own, join(scene.host, 'host.json')])
  assertClean(hostWithoutKeepers(scene), "the host's files")
  assert.equal(leaksIn(JSON.stringify(scene.state.files['/etc/shadow'])), ['hash'], 'the tool got it')
})

test('runs that fail, or are refused for a secret that can not be had, say nothing of the others', async () => {
  const { scene, variables, own } = await plant()
  const refused = await scene.phx(['run', '--json'], { variables: { ...variables, PHX_SAMBA_ANN: '' } })
  assert.is(refused.code, 3, refused.out)
  assertClean(refused.out + refused.err, 'a refused run')
  await scene.sim('sim remove-tool smbpasswd')
  for (const args of [['run'], ['run', '--json', '-v']]) {
    const failed = await scene.phx(args, { variables })
    assert.is.not(failed.code, 0)
    assertClean(failed.out + failed.err, `a failed ${args.join(' ')}`)
  }
  assertFolderClean(scene.folder, [...own, join(scene.host, 'host.json')])
  assertClean(hostWithoutKeepers(scene), "the host's files")
})

/** A task whose one change hands a secret to a tool on standard input. */
function handing(
  source: SecretSource,
  steps: (stdin: Step & { kind: 'command' }) => readonly Step[],
  tool: readonly string[],
) {
  const resource: Resource = {
    id: 'leak:it',
    locks: [],
    async compare({ secrets }) {
      const resolved = await secrets.resolve(source)
      if (!resolved.ok) throw new Error('the marker has to resolve')
      const command: Step & { kind: 'command' } = { kind: 'command', argv: tool, stdin: resolved.secret }
      const change = {
        ...({ resource: 'leak:it', action: 'run', risk: 'safe', summary: 'hand it over', fields: [] } as const),
        steps: steps(command),
        undo: { impossible: 'nothing to undo' },
      }
      return { changes: [change], refusals: [], notes: [], live: null }
    },
  }
  const task = {
    id: 'leak',
    title: 'leak',
    version: 1,
    groups: ['setup'],
    needs: [],
    inputs: {},
    resources: [resource],
  }
  return { name: 'leak', expand: () => [task] } satisfies TaskModule<PhxConfig>
}

for (const [kind, marker] of Object.entries(markers)) {
  test(`a tool that fails and echoes what it read, with the secret from ${kind}`, async () => {
    const folder = program.folder()
    const [kept, credentials] = [join(folder, 'kept'), join(folder, 'credentials')]
    mkdirSync(credentials)
    writeFileSync(kept, `${marker}\n`)
    chmodSync(kept, 0o600)
    writeFileSync(join(credentials, 'it'), `${marker}\n`)
    writeFileSync(join(folder, 'config.json'), '{}\n')
    const sources: Readonly<Record<string, SecretSource>> = {
      hash: { file: kept },
      env: { env: 'PHX_IT' },
      credential: { credential: 'it' },
      command: { command: ['cat', kept] },
    }
    const seen = join(folder, 'seen')
    // The tool writes down the arguments of every process and its own environment, then says all it knows.
    const script = `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done >${seen} 2>/dev/null
      tr '\\0' '\\n' </proc/self/environ >>${seen}
      read -r it; echo "stdout: $it"; echo "stderr: [$it] '$it'" >&2; exit 1`
    const module = handing(sources[kind] ?? {}, (command) => [command], ['sh', '-c', script])
    const state = join(folder, 'state')
    const variables = { PATH: process.env.PATH, PHX_IT: marker, CREDENTIALS_DIRECTORY: credentials }
    for (const more of [[], ['--json'], ['-v']]) {
      const argv = ['run', '-c', join(folder, 'config.json'), '--state-dir', state, ...more]
      const { code, out, err } = await callPhx(argv, { modules: [module], variables })
      assert.is(code, 1, out + err)
      assertClean(out + err, `a failed run ${more.join(' ')}`)
      assert.match(out + err, '[secret]', 'the tool did say it')
      assert.ok(existsSync(seen))
      assertClean(readFileSync(seen, 'utf8'), 'arguments and environment of processes')
    }
    const { out } = await callPhx(['runs', '--state-dir', state, '--json'], {})
    assertClean(out, 'phx runs')
    assert.ok(assertFolderClean(state) > 2)
  })
}

test('a bug that throws a secret about does not print it', async () => {
  const folder = program.folder()
  writeFileSync(join(folder, 'config.json'), '{}\n')
  const module = handing(
    { env: 'PHX_IT' },
    ({ stdin }) => [{ kind: 'verify', what: `${stdin}`, check: async () => `${JSON.stringify({ stdin })} ${stdin}` }],
    [],
  )
  const argv = ['run', '-c', join(folder, 'config.json'), '--state-dir', join(folder, 'state'), '-v']
  const variables = { PATH: process.env.PATH, PHX_IT: markers.env }
  const { code, out, err } = await callPhx(argv, { modules: [module], variables })
  assert.is(code, 1)
  assertClean(out + err, 'what it said')
  assertFolderClean(folder)
})

test.after(() => program.clean())
test.run()
