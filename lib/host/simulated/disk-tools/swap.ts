/** mkswap, swapon and swapoff. */
import { type BlockDevice, findDevice, useOf } from '../devices.ts'
import type { Signature, SimState } from '../model.ts'
import { isRecognised, rereadTable, writtenTable } from '../partitions.ts'
import { superblocks } from '../probe.ts'
import { nextUuid } from '../random.ts'
import { answer, type Tool, type ToolAnswer } from '../tool.ts'
import { occupied, overwrite } from './format.ts'
import { has, optionValue, readOptions } from './options.ts'
import { humanSize } from './sizes.ts'

export const mkswap: Tool = (state, { args }) => {
  const options = readOptions('mkswap', args, ['-L --label=', '-U --uuid=', '-f --force', '-q --quiet'])
  const path = options.operands[0] ?? ''
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `mkswap: cannot open ${path}: No such file or directory\n`)
  const reason = occupied(state, device)
  if (reason === 'mounted') return answer(1, '', `mkswap: error: ${path} is mounted; will not make swapspace\n`)
  if (reason === 'busy') return answer(1, '', `mkswap: cannot open ${path}: Device or resource busy\n`)
  if (device.disk?.readOnly === true) return answer(1, '', `mkswap: cannot open ${path}: Permission denied\n`)
  const uuid = optionValue(options, '-U') ?? nextUuid(state)
  const label = optionValue(options, '-L') ?? null
  const warning = write(state, path, device, { type: 'swap', offset: 0xff6, uuid, label }, has(options, '-f'))
  const usable = Math.floor(device.size / 4096) * 4096 - 4096
  const named = label === null ? 'no label, ' : `LABEL=${label}, `
  const stdout = `Setting up swapspace version 1, size = ${swapSize(usable)} (${usable} bytes)\n${named}UUID=${uuid}\n`
  return answer(0, has(options, '-q') ? '' : stdout, warning)
}

/**
 * Erases every signature that it recognises, unlike mke2fs, which only writes over them; a partition table it leaves
 * alone without -f (wipe_device in mkswap.c). The header's page still goes over the first entries of a GPT. The warnings.
 */
function write(state: SimState, path: string, device: BlockDevice, signature: Signature, forced: boolean): string {
  const table = device.partition === null ? writtenTable(device.whole) : null
  if (isRecognised(table) && !forced) {
    if (table.type === 'gpt') device.whole.written = { ...table, lost: [...(table.lost ?? []), 'primary'] }
    if (useOf(state, device) === null) rereadTable(device.whole)
    device.content.signatures.push(signature)
    return `mkswap: ${path}: warning: don't erase bootbits sectors\n        (${table.type} partition table detected). Use -f to force.\n`
  }
  const old = superblocks(state, device)
  overwrite(device, signature)
  device.content.label = null
  return old.map(({ type }) => `mkswap: ${path}: warning: wiping old ${type} signature.\n`).join('')
}

const swapSize = (bytes: number): string => humanSize(bytes).replace(/([KMGT])$/, ' $1iB')

const isSwap = (device: BlockDevice): boolean => device.content.signatures.some(({ type }) => type === 'swap')

export const swapon: Tool = (state, { args }) => {
  if (args.includes('--json'))
    return answer(1, '', "swapon: unrecognized option '--json'\nTry 'swapon --help' for more information.\n")
  const options = readOptions('swapon', args, ['--show', '-s --summary', '--noheadings', '--bytes'])
  if (has(options, '--show')) return answer(0, swapTable(state))
  for (const path of options.operands) {
    const device = findDevice(state, path)
    if (device === undefined) return answer(255, '', `swapon: cannot open ${path}: No such file or directory\n`)
    if (!isSwap(device)) return answer(255, '', `swapon: ${path}: read swap header failed\n`)
    if (state.swaps.includes(device.node))
      return answer(255, '', `swapon: ${path}: swapon failed: Device or resource busy\n`)
    state.swaps.push(device.node)
  }
  return answer(0)
}

function swapTable(state: SimState): string {
  if (state.swaps.length === 0) return ''
  const rows = state.swaps.map((node, index) => {
    const size = humanSize((findDevice(state, node)?.size ?? 0) - 4096)
    return `${node} partition ${size} 0B ${-2 - index}\n`
  })
  return `NAME TYPE SIZE USED PRIO\n${rows.join('')}`
}

export const swapoff: Tool = (state, { args }) => {
  const options = readOptions('swapoff', args, ['-a --all'])
  if (has(options, '-a')) state.swaps = []
  for (const path of options.operands) {
    const refusal = stopSwapping(state, path)
    if (refusal !== null) return refusal
  }
  return answer(0)
}

function stopSwapping(state: SimState, path: string): ToolAnswer | null {
  const device = findDevice(state, path)
  if (device === undefined || !state.swaps.includes(device.node))
    return answer(
      4,
      '',
      `swapoff: ${path}: swapoff failed: ${device ? 'Invalid argument' : 'No such file or directory'}\n`,
    )
  state.swaps = state.swaps.filter((node) => node !== device.node)
  return null
}
