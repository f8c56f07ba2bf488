/** qemu-img, which qm calls for images of directory storages and for what is copied onto volumes. */
import { posix } from 'node:path'
import { parentOf } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { zfs } from '../zfs/zfs.ts'
import { formattingLine, imageSize, imageText } from './images.ts'
import { parseSize } from './sizes.ts'

type Work = (state: SimState, options: ReadonlyMap<string, string>, args: readonly string[]) => ToolAnswer

/** Options that take no value. */
const flags = ['-p', '-n', '-q', '-u', '--shrink']

export const qemuImg: Tool = (state, { args }) => {
  const [verb = '', ...rest] = args
  const work = Object.hasOwn(works, verb) ? works[verb] : undefined
  if (work === undefined) throw new NotSimulated(`qemu-img ${verb}`)
  const options = new Map<string, string>()
  const plain: string[] = []
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? ''
    const [, name, value] = /^(--?[\w-]+)(?:=(.*))?$/.exec(word) ?? []
    if (name === undefined) plain.push(word)
    else options.set(name, value ?? (flags.includes(name) ? '' : (rest[++at] ?? '')))
  }
  return work(state, options, plain)
}

const noSuch = (path: string): ToolAnswer =>
  answer(1, '', `qemu-img: Could not open '${path}': Could not open '${path}': No such file or directory\n`)

/** What isn't made by qemu-img is as raw as any file. */
function info(state: SimState, path: string): { bytes: number; format: string; backing?: string } | null {
  const text = state.files[path]?.type === 'file' ? (state.files[path]?.content ?? '') : null
  if (text === null) {
    const bytes = volumeSize(state, path)
    return bytes === null ? null : { bytes, format: 'raw' }
  }
  const format = /^simulated (?:(\w+) )?disk image of/.exec(text)
  if (format === null) return { bytes: Math.ceil(text.length / 512) * 512, format: 'raw' }
  const backing = /^backing (.+)$/m.exec(text)?.[1]
  return { bytes: imageSize(text), format: format[1] ?? 'raw', ...(backing === undefined ? {} : { backing }) }
}

function volumeSize(state: SimState, path: string): number | null {
  const dataset = /^\/dev\/zvol\/(.+)$/.exec(path)?.[1]
  if (dataset === undefined) return null
  const { exitCode, stdout } = zfs(state, { args: ['get', '-Hp', '-o', 'value', 'volsize', dataset], stdin: '' })
  return exitCode === 0 && /^\d+$/.test(stdout.trim()) ? Number(stdout) : null
}

function writeImage(state: SimState, path: string, text: string): void {
  state.files[path] = { type: 'file', content: text, mode: state.files[path]?.mode ?? 0o640 }
}

const works: Readonly<Record<string, Work>> = {
  info: (state, options, [path = '']) => {
    if (options.get('--output') !== 'json') throw new NotSimulated('qemu-img info without --output=json')
    const found = info(state, path)
    if (found === null) return noSuch(path)
    const document = {
      ...(found.backing === undefined ? {} : { 'backing-filename': found.backing }),
      'virtual-size': found.bytes,
      filename: path,
      format: found.format,
      'actual-size': 4096,
    }
    return answer(0, `${JSON.stringify(document, null, 4)}\n`)
  },

  create: (state, options, [path = '', size]) => {
    const backing = options.get('-b')
    const behind = backing === undefined ? null : info(state, posix.join(parentOf(path), backing))
    const bytes = size === undefined ? (behind?.bytes ?? null) : parseSize(size)
    if (bytes === null) return answer(1, '', `qemu-img: ${path}: Image creation needs a size parameter\n`)
    const format = options.get('-f') ?? 'raw'
    writeImage(state, path, imageText(bytes, format, backing))
    const told = backing === undefined ? undefined : { file: backing, format: options.get('-F') ?? 'raw' }
    return answer(0, formattingLine(path, format, bytes, told))
  },

  convert: (state, options, [source = '', target = '']) => {
    const from = info(state, source)
    if (from === null) return noSuch(source)
    if (!options.has('-n')) writeImage(state, target, imageText(from.bytes, options.get('-O')))
    const onto = info(state, target)
    if (onto === null) return noSuch(target)
    return onto.bytes < from.bytes
      ? answer(1, '', 'qemu-img: output file is smaller than input file\n')
      : answer(0, options.has('-p') ? '    (0.00/100%)\r    (100.00/100%)\r' : '')
  },

  resize: (state, _, [path = '', size = '']) => {
    const found = info(state, path)
    const bytes = parseSize(size)
    if (found === null || bytes === null) return noSuch(path)
    const text = state.files[path]?.content ?? ''
    writeImage(state, path, text.replace(/of \d+ bytes/, `of ${bytes} bytes`))
    return answer(0, 'Image resized.\n')
  },

  snapshot: (state, options, [path = '']) => {
    if (info(state, path) === null) return noSuch(path)
    const text = state.files[path]?.content ?? ''
    const [verb = '', name = ''] = [...options].find(([option]) => /^-[cad]$/.test(option)) ?? []
    const line = `snapshot ${name}\n`
    if (verb === '-c') writeImage(state, path, text + line)
    else if (!text.includes(line)) return answer(1, '', `qemu-img: Could not find snapshot '${name}'\n`)
    else if (verb === '-d') writeImage(state, path, text.replace(line, ''))
    return answer(0)
  },
}
