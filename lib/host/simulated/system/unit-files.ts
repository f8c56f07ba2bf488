/** What systemd has read of unit files that lie in its folders: a file that changed counts only after daemon-reload (systemctl(1)). */
import type { SimState } from '../model.ts'
import { fullUnitName, unitFile } from './catalogue.ts'
import { systemOf } from './state.ts'

/** Read when the unit is first named to systemd. */
export function readUnitFiles(state: SimState, names: readonly string[]): void {
  for (const name of names.map(fullUnitName)) {
    const file = unitFile(state, name)
    if (file === undefined || state.system?.unitFiles?.[name] !== undefined) continue
    systemOf(state).unitFiles = { ...state.system?.unitFiles, [name]: file.text }
  }
}

/** daemon-reload: all are read anew, those that are gone are forgotten. */
export function rereadUnitFiles(state: SimState): void {
  const known = Object.keys(state.system?.unitFiles ?? {})
  systemOf(state).unitFiles = {}
  readUnitFiles(state, known)
}

export function isOutdated(state: SimState, name: string): boolean {
  const read = state.system?.unitFiles?.[name]
  return read !== undefined && read !== unitFile(state, name)?.text
}
