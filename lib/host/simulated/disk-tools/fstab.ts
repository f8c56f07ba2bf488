/** /etc/fstab: what is mounted at a boot, on demand, and by name; and the units that systemd makes of its lines. */
import type { SimUnit } from '../area.ts'
import { makeFolders } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { mountNow, unmountNow } from './mount.ts'

export interface FstabLine {
  readonly source: string
  readonly target: string
  readonly type: string
  readonly options: readonly string[]
}

const decoded = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

export function fstabOf(state: SimState): FstabLine[] {
  return (state.files['/etc/fstab']?.content ?? '').split('\n').flatMap((line) => {
    const [source = '', target, type = 'auto', options = 'defaults'] = line.trim().split(/\s+/)
    if (source.startsWith('#') || target === undefined) return []
    return [{ source: decoded(source), target: decoded(target), type, options: options.split(',') }]
  })
}

export const fstabLine = (state: SimState, name: string): FstabLine | undefined =>
  fstabOf(state).find(({ source, target }) => target === name || source === name)

const isMounted = (state: SimState, { target }: FstabLine): boolean =>
  state.mounts.some((mount) => mount.target === target && mount.fstype !== 'autofs')

const isOnDemand = ({ options }: FstabLine): boolean => options.includes('x-systemd.automount')

/** `mount -a`: 32 when none of them worked, 64 when some did (mount(8)). */
export function mountAll(state: SimState, types: readonly string[] | undefined): ToolAnswer {
  const lines = fstabOf(state).filter(
    (line) => !line.options.includes('noauto') && !isMounted(state, line) && (types?.includes(line.type) ?? true),
  )
  const answers = lines.map((line) => mountNow(state, line))
  const failed = answers.filter(({ exitCode }) => exitCode !== 0)
  const exitCode = failed.length === 0 ? 0 : failed.length === answers.length ? 32 : 64
  return answer(exitCode, '', failed.map(({ stderr }) => stderr).join(''))
}

/** systemd makes the folders; an automount's `noauto` has no effect (systemd.mount(5)). */
export function mountAtBoot(state: SimState): void {
  for (const line of fstabOf(state)) {
    if (isMounted(state, line)) continue
    if (isOnDemand(line)) layTrap(state, line)
    else if (!line.options.includes('noauto')) startMount(state, line)
  }
}

function layTrap(state: SimState, { target }: FstabLine): void {
  if (state.mounts.some((mount) => mount.target === target)) return
  makeFolders(state, target)
  state.mounts.push({ source: 'systemd-1', target, fstype: 'autofs', options: 'rw,relatime,fd=60,pgrp=1,direct' })
}

function startMount(state: SimState, line: FstabLine): string | undefined {
  makeFolders(state, line.target)
  return isMounted(state, line) || mountNow(state, line).exitCode === 0 ? undefined : 'the mount failed'
}

/** Whoever goes below a folder that is mounted on demand has it mounted first. */
export function mountOnDemand(state: SimState, argv: readonly string[]): void {
  for (const { target, fstype } of [...state.mounts]) {
    const isNamed = argv.some((word) => `${word}/`.replace(/^\w+=/, '').startsWith(`${target}/`))
    const line = fstype === 'autofs' && isNamed ? fstabLine(state, target) : undefined
    if (line) startMount(state, line)
  }
}

/** As systemd-escape(1) --path says it. */
function unitOf(path: string, suffix: string): string {
  const escaped = (part: string): string =>
    part.replace(/[^A-Za-z0-9:_.]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return `${path.slice(1).split('/').map(escaped).join('-')}.${suffix}`
}

/** The unit of that name, when a line of the file makes it. */
export function fstabUnit(state: SimState, name: string): SimUnit | undefined {
  if (!/\.(auto)?mount$/.test(name)) return undefined
  for (const line of fstabOf(state)) {
    const stop = (of: SimState): void => unmountNow(of, line.target)
    if (name === unitOf(line.target, 'mount')) return { static: true, start: (of) => startMount(of, line), stop }
    if (!isOnDemand(line) || name !== unitOf(line.target, 'automount')) continue
    const start = (of: SimState): undefined => {
      if (!isMounted(of, line)) layTrap(of, line)
    }
    return { static: true, start, stop }
  }
  return undefined
}
