/** What sshd and login make of a shell: they let nobody in whose shell is not there, or can't be executed (auth.c, allowed_user). */
import type { Reader } from '../../host/host.ts'

const isClosed = (shell: string): boolean => /\/(nologin|false|true)$/.test(shell)

export interface ShellFault {
  readonly why: string
  /** True for a program that is there to let nobody in. */
  readonly isClosed: boolean
}

/** Why nobody can log in with the shell, or undefined. */
export async function shellFault(reader: Reader, shell: string): Promise<ShellFault | undefined> {
  const real = (await reader.realpath(shell)) ?? shell
  if (isClosed(shell) || isClosed(real)) return { why: `${shell} lets nobody in`, isClosed: true }
  const stat = await reader.stat(shell)
  const why =
    stat === undefined
      ? `there is no ${shell}`
      : stat.type !== 'file'
        ? `${shell} is no program`
        : (stat.mode & 0o111) === 0
          ? `${shell} can't be executed`
          : undefined
  return why === undefined ? undefined : { why, isClosed: false }
}
