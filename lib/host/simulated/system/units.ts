/** Starting and stopping units, as systemd does for systemctl, packages and a boot. */
import type { SimState } from '../model.ts'
import { type FoundUnit, findUnit } from './catalogue.ts'

export type UnitRecord = NonNullable<SimState['units']>[string]

/** For changing it. */
export function recordOf(state: SimState, { name }: FoundUnit): UnitRecord {
  state.units ??= {}
  state.units[name] ??= { enabled: false, active: false }
  return state.units[name]
}

/** Why it failed, or undefined. Starting what runs does nothing. */
export function startUnit(state: SimState, unit: FoundUnit): string | undefined {
  const before = recordOf(state, unit)
  if (before.active) return undefined
  delete before.failed
  delete before.skipped
  before.active = true
  const why = unit.behaviour.start?.(state)
  const after = recordOf(state, unit)
  if (why === undefined) {
    // Its condition did not hold: neither running nor failed (seen: services.jsonl scene 28).
    if (!after.active && after.failed === undefined) after.skipped = true
    return undefined
  }
  after.active = false
  after.failed = why
  return why
}

export function stopUnit(state: SimState, unit: FoundUnit): void {
  const record = recordOf(state, unit)
  if (!record.active) return
  unit.behaviour.stop?.(state)
  record.active = false
}

/** What runs ends without a word to it, and what is enabled is started. */
export function startAtBoot(state: SimState): void {
  for (const record of Object.values(state.units ?? {})) {
    record.active = false
    delete record.failed
    delete record.skipped
  }
  for (const [name, { enabled, masked }] of Object.entries(state.units ?? {})) {
    const unit = findUnit(state, name)
    // What is static is started by others at boot.
    if (unit && masked !== true && (enabled || unit.isStatic)) startUnit(state, unit)
  }
}
