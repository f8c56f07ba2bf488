/** What systemd says of the unit in which a feature's script runs. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Reader } from '../../host/host.ts'

export interface UnitState {
  /** `gone`: there is no such unit; `exited`: its script has ended well; else systemd's word. */
  readonly active: string
  readonly exit: string
  readonly result: string
}

export const unitOf = (name: string): string => `phx-feature-${name}.service`

export async function unitState(reader: Reader, name: string): Promise<UnitState> {
  const properties = 'LoadState,ActiveState,SubState,Result,ExecMainStatus'
  const argv = ['systemctl', 'show', '-p', properties, unitOf(name)]
  const { exitCode, stdout, stderr, notFound } = await reader.query(argv)
  if (notFound)
    throw new CannotLook('features are run as units of systemd, which is not there', ['use an image with systemd'])
  if (exitCode !== 0) throw new CannotLook(`can't see the unit of feature ${name}: ${stderr.trim()}`)
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(stdout)?.[1] ?? ''
  const isThere = value('LoadState') === 'loaded'
  // A unit that stays after its script has ended is `active (exited)`.
  const active = !isThere ? 'gone' : value('SubState') === 'exited' ? 'exited' : value('ActiveState')
  return { active, exit: value('ExecMainStatus'), result: value('Result') }
}

export function failureOf(name: string, { result, exit }: UnitState, timeoutSeconds: number, words: string): string {
  const how = result === 'timeout' ? `took longer than ${timeoutSeconds} s` : `ended with exit code ${exit}`
  return `feature ${name} ${how}; its last words:\n${words}`
}
