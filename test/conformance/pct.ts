/**
 * What pct.jsonl leaves unsaid: the recordings watch containers and, in some lines, their images, but neither storage.cfg
 * nor templates. What a call names is there unless the recorded answer says that it isn't.
 */
import { makeFolders, writeText } from '../../lib/host/simulated/filesystem.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { imageText } from '../../lib/host/simulated/pve/images.ts'
import { parseSize } from '../../lib/host/simulated/pve/sizes.ts'
import type { RecordedCall, SingleCall } from './transcript.ts'

const isConf = (path: string): boolean => path.startsWith('/etc/pve/lxc/')

export const isOfContainers = (line: SingleCall): boolean =>
  (line.argv ?? line.parallel?.[0]?.argv)?.[0] === 'pct' || Object.keys(line.before).some(isConf)

/** The directory storages of the recordings lie in /srv, each under its id. */
export function setContainers(state: SimState, line: SingleCall): void {
  const said = [line, ...(line.parallel ?? [])].map(({ stderr = '' }) => stderr).join('\n')
  const words = [line, ...(line.parallel ?? [])].flatMap(({ argv = [] }) => argv)
  const confs = Object.entries(line.before).flatMap(([path, text]) => (isConf(path) ? String(text ?? '') : []))
  const texts = [...words, ...confs.flatMap((text) => text.split('\n'))].join('\n')
  const ids = [...texts.matchAll(/(?:^|[\s=])([a-z]\w+):(?=\d)/gm)].map((match) => match[1] ?? '')
  const asked =
    words[0] === 'pvesm'
      ? words.slice(2, 3)
      : words.flatMap((word, at) => (word === '--storage' ? (words[at + 1] ?? '') : []))
  for (const id of new Set([...ids, ...asked])) {
    const isListed = line.argv?.[1] !== 'status' || words[0] !== 'pvesm' || line.stdout?.includes(`${id} `) === true
    if (id === 'local' || !isListed || said.includes(`storage '${id}' does not exist`)) continue
    makeFolders(state, `/srv/${id}`)
    const cfg = state.files['/etc/pve/storage.cfg']
    if (cfg !== undefined) cfg.content += `dir: ${id}\n\tpath /srv/${id}\n\tcontent images,rootdir\n\n`
  }
  for (const template of new Set(texts.match(/(?<=\blocal:vztmpl\/)\S+/g)))
    if (!said.includes(`volume 'local:vztmpl/${template}' does not exist`))
      put(state, `/var/lib/vz/template/cache/${template}`)
  for (const conf of confs)
    for (const match of conf.matchAll(/: (([a-z]\w+):(\d+\/[\w.-]+))(.*)$/gm)) setVolume(state, line, match, said)
}

function put(state: SimState, path: string, content = ''): void {
  makeFolders(state, path.slice(0, path.lastIndexOf('/')))
  writeText(state, path, content)
}

/** A volume of a configuration is there, with the size that stands beside it, unless its folder was listed without it. */
function setVolume(state: SimState, line: SingleCall, match: RegExpMatchArray, said: string): void {
  const [, id = '', storage = '', name = '', rest = ''] = match
  const path = `/srv/${storage}/images/${name}`
  const listed = line.before[path.slice(0, path.lastIndexOf('/') + 1)]
  if (Array.isArray(listed) && !listed.includes(path.slice(path.lastIndexOf('/') + 1))) return
  if (said.includes(`volume '${id}' does not exist`)) return
  const size = parseSize(/\bsize=(\w+)/.exec(rest)?.[1] ?? '1G') ?? 0
  if (name.endsWith('.subvol')) {
    delete state.files[path]
    makeFolders(state, path)
  } else put(state, path, imageText(size))
}

/** A hardware address that the tool drew varies; one that was there before or was told doesn't. */
export function maskAddresses(text: string, line: SingleCall): string {
  const known = JSON.stringify([line.before, line.argv])
  return text.replace(/\bhwaddr=([0-9A-F:]{17})/g, (whole, address) =>
    known.includes(address) ? whole : 'hwaddr=<drawn>',
  )
}

/** What phx reads of pct's tables and lists. */
const read = ['config', 'list', 'listsnapshot', 'pending', 'status']

export function comparePct(call: RecordedCall, stdout: string): string[] {
  if (call.argv[0] !== 'pct' || call.rc !== 0 || !read.includes(call.argv[1] ?? '')) return []
  if (call.stdout === stdout) return []
  return [`stdout: recorded ${JSON.stringify(call.stdout)}, simulated ${JSON.stringify(stdout)}`]
}

/** The recorder had no systemd, so nothing could start there. */
export const isOfRecorder = (call: RecordedCall): boolean =>
  call.argv[1] === 'start' && call.stderr.includes("command 'systemctl start pve-container@")
