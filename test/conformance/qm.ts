/**
 * What qm.jsonl leaves unsaid: the recordings watch configurations and, in some lines, folders of images, but neither
 * storage.cfg nor what lies on its storages. What a call names is there unless the recorded answer says that it isn't.
 */
import { makeFolders, writeText } from '../../lib/host/simulated/filesystem.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { imageText } from '../../lib/host/simulated/pve/images.ts'
import { parseSize } from '../../lib/host/simulated/pve/sizes.ts'
import { compareJson, jsonDocuments } from './json.ts'
import { maskText } from './mask.ts'
import type { RecordedCall, SingleCall } from './transcript.ts'

const isConf = (path: string): boolean => path.startsWith('/etc/pve/qemu-server/')

export const isOfMachines = (line: SingleCall): boolean =>
  (line.argv ?? line.parallel?.[0]?.argv)?.[0] === 'qm' || Object.keys({ ...line.before, ...line.after }).some(isConf)

const storageContent = 'images,rootdir,iso,import,snippets'
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlXbuupXbJrRapLlwVKfKpSNJahsXuhMd8QPyY53LR1 me@lab\n'

/** The host of the recordings had two CPUs. */
export function setMachines(state: SimState, line: SingleCall): void {
  const calls = line.parallel ?? [{ argv: line.argv ?? [], stdout: line.stdout ?? '', stderr: line.stderr ?? '' }]
  const said = calls.map(({ stdout, stderr }) => stdout + stderr).join('\n')
  const words = calls.flatMap(({ argv }) => argv)
  const confs = Object.entries(line.before).flatMap(([path, text]) => (isConf(path) ? String(text ?? '') : []))
  const texts = [...words, ...confs.flatMap((text) => text.split('\n'))].join('\n')
  put(state, '/proc/cpuinfo', 'processor\t: 0\n\nprocessor\t: 1\n')
  for (const id of storagesIn(words, texts)) if (!said.includes(`storage '${id}' does not exist`)) setStorage(state, id)
  for (const conf of confs)
    for (const match of conf.matchAll(/: (([a-z]\w+):((?:\d+\/\S+?\/)?\d+\/[\w.-]+))(.*)$/gm))
      setVolume(state, line, match, said)
  for (const [, storage = '', kind = '', name = ''] of texts.matchAll(/\b([a-z]\w+):(iso|import|snippets)\/([\w.-]+)/g))
    if (!said.includes(`'${storage}:${kind}/${name}'`))
      put(state, `/srv/${storage}/${kind === 'iso' ? 'template/iso' : kind}/${name}`, contentOf(kind, said))
  for (const path of texts.match(/(?<=[\s=])\/srv\/[\w.-]+/gm) ?? [])
    if (!said.includes(path) || calls.some(({ stdout }) => stdout.includes(path)))
      put(state, path, path.endsWith('.pub') ? key : contentOf('import', said))
}

/** Where a storage's id stands alone. */
const places: Readonly<Record<string, number>> = { 'pvesm list': 2, 'qm importdisk': 4, 'qm disk import': 5 }

function storagesIn(words: readonly string[], texts: string): Set<string> {
  const before = texts.matchAll(/(?:^|[\s=])([a-z]\w+):(?=\d|iso\/|cloudinit|snippets\/|import\/)/gm)
  const asked = words.flatMap((word, at) => (word === '--storage' ? [words[at + 1] ?? ''] : []))
  const at = places[words.slice(0, 2).join(' ')] ?? places[words.slice(0, 3).join(' ')]
  const alone = at === undefined ? [] : words.slice(at, at + 1)
  return new Set([...[...before].map((match) => match[1] ?? ''), ...asked, ...alone].filter((id) => id !== 'local'))
}

/** The directory storages of the recordings lie in /srv, each under its id. */
function setStorage(state: SimState, id: string): void {
  makeFolders(state, `/srv/${id}`)
  const cfg = state.files['/etc/pve/storage.cfg']
  if (cfg !== undefined) cfg.content += `dir: ${id}\n\tpath /srv/${id}\n\tcontent ${storageContent}\n\n`
}

/** An image is as large as what was made of it. */
function contentOf(kind: string, said: string): string {
  if (kind === 'snippets') return '#cloud-config\n'
  if (kind === 'iso') return imageText(2 ** 20)
  const made = /Formatting '.*size=(\d+)/.exec(said)?.[1]
  return imageText(Number(made ?? 2 ** 30))
}

function put(state: SimState, path: string, text: string): void {
  makeFolders(state, path.slice(0, path.lastIndexOf('/')))
  writeText(state, path, text)
}

/** A volume of a configuration is there, with the size that stands beside it, unless its folder was listed without it. */
function setVolume(state: SimState, line: SingleCall, match: RegExpMatchArray, said: string): void {
  const [, id = '', storage = '', name = '', rest = ''] = match
  const [, base, own = name] = /^(\d+\/[^/]+)\/(\d+\/.+)$/.exec(name) ?? []
  const path = `/srv/${storage}/images/${own}`
  const listed = line.before[path.slice(0, path.lastIndexOf('/') + 1)]
  if (Array.isArray(listed) && !listed.includes(path.slice(path.lastIndexOf('/') + 1))) return
  if (said.includes(`volume '${id}' does not exist`)) return
  const usual = name.includes('cloudinit') ? '4M' : '1G'
  const size = parseSize(/\bsize=(\w+)/.exec(rest)?.[1] ?? usual) ?? 0
  const format = /\.(\w+)$/.exec(name)?.[1] ?? 'raw'
  const text = imageText(size, format, base === undefined ? undefined : `../${base}`)
  const snapshots = [
    ...String(line.before[`/etc/pve/qemu-server/${own.split('/')[0]}.conf`] ?? '').matchAll(/^\[([a-z]\w*)\]$/gm),
  ]
  put(state, path, text + snapshots.map(([, snapshot]) => `snapshot ${snapshot}\n`).join(''))
}

/** What a machine draws or notes down by itself varies; what was there before or was told doesn't. */
export function maskMachine(text: string, line: SingleCall): string {
  const known = JSON.stringify([line.before, line.argv])
  return maskText(text)
    .replace(/\b[0-9A-F]{2}(:[0-9A-F]{2}){5}\b/g, (address) => (known.includes(address) ? address : '<drawn>'))
    .replace(/creation-qemu=[\d.]+/g, 'creation-qemu=<version>')
    .replace(/^cipassword: (\$5\$.*|<hash blanked>)$/gm, 'cipassword: <hash>')
    .replace(/UPID:(\w+):[\w:]+?:(qm\w+:\d+):/g, 'UPID:$1:<task>:$2:')
    .replace(/(transferred .* \(100\.00%\)\n)\1/g, '$1') // how often is chance
}

/** All that qm says, and of lists by pvesh each row. */
export function compareQm(call: RecordedCall, answer: { stdout: string; stderr: string }, line: SingleCall): string[] {
  if (call.argv[0] !== 'qm' && call.argv[0] !== 'pvesh') return []
  const [real, ours] = [jsonDocuments(call.stdout), jsonDocuments(answer.stdout)]
  if (real !== null && ours !== null) return compareJson(sorted(real), sorted(ours))
  return (['stdout', 'stderr'] as const).flatMap((stream) => {
    const [recorded, simulated] = [maskMachine(call[stream], line), maskMachine(answer[stream], line)]
    if (stream === 'stderr' && call.rc !== 0) return [] // compared with all other refusals
    return recorded === simulated
      ? []
      : [`${stream}: recorded ${JSON.stringify(recorded)}, simulated ${JSON.stringify(simulated)}`]
  })
}

/** Perl's lists come in no order that means anything. */
const sorted = <T>(document: T): T =>
  Array.isArray(document)
    ? (document.toSorted((one, other) => (JSON.stringify(idOf(one)) < JSON.stringify(idOf(other)) ? -1 : 1)) as T)
    : document

const idOf = (row: Record<string, unknown>): unknown => row.vmid ?? row.key ?? row.name

/** The recorder had no systemd, no KVM, and a qemu-img that doesn't know `dd -n`, so nothing could start there. */
export const isOfRecorder = (call: RecordedCall): boolean =>
  call.argv[0] === 'qm' &&
  /^(start|cloudinit)$/.test(call.argv[1] ?? '') &&
  /qemu-img dd: invalid option|systemd|dbus|KVM virtualisation configured, but not available/i.test(
    call.stdout + call.stderr,
  )
