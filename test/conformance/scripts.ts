/**
 * Scenes that use an interpreter; only the effect is taken over. The lab had no lvm2, mdadm or cryptsetup, so such headers
 * were written with a line of Python.
 */
import { findDevice } from '../../lib/host/simulated/devices.ts'
import type { Signature, SimState } from '../../lib/host/simulated/model.ts'
import { answer, type ToolAnswer } from '../../lib/host/simulated/tool.ts'

const uuid = (text: string): string => /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(text)?.[0] ?? ''

/** LVM shows its 32 characters in groups. */
function lvmUuid(script: string): string {
  const raw = /LVM2 001'\+b'(\w{32})'/.exec(script)?.[1] ?? ''
  return raw.replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, '$1-$2-$3-$4-$5-$6-$7')
}

function signatureIn(script: string): Signature | null {
  if (script.includes('LVM2 001')) return { type: 'LVM2_member', offset: 0x218, uuid: lvmUuid(script), label: null }
  if (script.includes('LUKS')) return { type: 'crypto_LUKS', offset: 0, uuid: uuid(script), label: null }
  return null
}

/** False when the script does something else. */
export function writeBySuperblockScript(state: SimState, script: string): boolean {
  const device = findDevice(state, /open\('(\/dev\/[^']+)'/.exec(script)?.[1] ?? '')
  const signature = signatureIn(script)
  if (device === undefined || signature === null) return false
  device.content.signatures.push(signature)
  return true
}

type Call = (argv: readonly string[], stdin?: string) => ToolAnswer

/** Words of a shell line, with `$(cat FILE)` replaced; quotes only hold a word together here. */
function words(state: SimState, line: string): string[] {
  const filled = line.replace(/\$\(cat (\S+?)\)/g, (_, path: string) => state.files[path]?.content.trim() ?? '')
  return (filled.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))
}

/** `A | B`, without anything else of the shell. */
function pipe(state: SimState, line: string, call: Call): ToolAnswer | null {
  if (/[;&<>`]/.test(line)) return null
  return line.split(' | ').reduce<ToolAnswer>((before, part) => call(words(state, part), before.stdout), answer(0))
}

/**
 * The few shell lines of the recordings: one call, or one whose answer awk picks a word from and which goes into a file
 * (`zpool import -d D | awk '/id:/ {print $2}' >FILE`). Null for any other.
 */
export function shellLine(state: SimState, line: string, call: Call): ToolAnswer | null {
  const picked = /^(.*?) \| awk '\/(\S+)\/ \{print \$(\d)\}' *> *(\S+)$/.exec(line)
  if (picked === null) return pipe(state, line, call)
  const [, command = '', pattern = '', field = '1', file = ''] = picked
  const row = call(words(state, command))
    .stdout.split('\n')
    .find((each) => each.includes(pattern))
  const content = `${row?.trim().split(/\s+/)[Number(field) - 1] ?? ''}\n`
  state.files[file] = { type: 'file', content, mode: 0o644 }
  return answer(0)
}
