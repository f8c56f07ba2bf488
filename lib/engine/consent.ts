/** Consent to destructive changes, in one place: the config's veto, flags, the config's own consent, a typed answer. */
import type { Consent } from './events.ts'
import type { Change } from './resource.ts'
import type { ConsentPolicy } from './session.ts'

const setting = 'zfs.settings.allow_destructive_operations'

/** How a change stands by flags and config alone; null when it needs no consent. Interactive answers come on top. */
export function decide(change: Change, policy: ConsentPolicy): Consent | null {
  if (change.risk !== 'destructive') return null
  const { resource } = change
  if (policy.config === false)
    return { agreed: false, by: `${setting} is false in the config: a veto that no flag overrides` }
  if (policy.mode === 'force-destructive') return { agreed: true, by: '--force-destructive' }
  if (policy.allow.includes(resource)) return { agreed: true, by: `--allow-destroy ${resource}` }
  // Who wants to be asked is asked, also when the config stands armed.
  if (policy.mode === 'interactive') return { agreed: false, by: 'asked when the run starts' }
  if (policy.config === true) return { agreed: true, by: `${setting}: true` }
  if (Array.isArray(policy.config) && policy.config.includes(resource))
    return { agreed: true, by: `${setting} names ${resource}` }
  const flags = `--allow-destroy ${resource} (this one) or --force-destructive (all)`
  return { agreed: false, by: `safe mode; agree with ${flags}, or answer with --interactive` }
}

/** True when a person may still be asked about it. */
export function canAsk(change: Change, policy: ConsentPolicy): boolean {
  return change.risk === 'destructive' && policy.mode === 'interactive' && policy.config !== false
}
