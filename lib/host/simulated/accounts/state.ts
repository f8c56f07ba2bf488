/** What no file says of accounts: whose processes run, and who holds the lock on the account files. */
import type { SimState } from '../model.ts'
import { userNamed } from './database.ts'

export interface AccountState {
  /** Processes beside init, which is root's. */
  processes: { uid: string; pid: number }[]
  /** True while somebody holds /etc/.pwd.lock (lckpwdf(3)). */
  locked: boolean
}

const stateOf = (state: SimState): AccountState => {
  state.accounts ??= { processes: [], locked: false }
  return state.accounts
}

/** `sim run-as USER PID`: a process of that account, which goes on when the account is gone. */
export function runAs(state: SimState, [name = '', pid = '1183']: readonly string[]): string | null {
  const uid = userNamed(state, name)?.[2]
  if (uid === undefined) return `there is no account ${name}`
  stateOf(state).processes.push({ uid, pid: Number(pid) })
  return null
}

/** `sim hold-accounts` and `sim release-accounts`: somebody else is changing /etc/passwd. */
export const holdAccounts =
  (locked: boolean) =>
  (state: SimState): null => {
    stateOf(state).locked = locked
    return null
  }

export function processOf(state: SimState, uid: string): number | undefined {
  return uid === '0' ? 1 : state.accounts?.processes.find((one) => one.uid === uid)?.pid
}

/** What the tool says when it can't have the lock, or null. The real ones wait 15 seconds for it. */
export const lockedOut = (state: SimState, tool: string, file: string): string | null =>
  state.accounts?.locked === true ? `${tool}: cannot lock ${file}; try again later.\n` : null

export function afterReboot(state: SimState): void {
  delete state.accounts
}
