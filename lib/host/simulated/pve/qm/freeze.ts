/** What is on the disks of a machine that runs is made whole for a snapshot, if its agent does that. */
import { agentSetting, isAgentOn } from './agent-setting.ts'
import type { Part } from './config.ts'
import type { AgentAnswer } from './machine.ts'
import type { Place } from './verb.ts'

/** True when its file systems are frozen now, and have to be thawed. */
export function freeze(place: Place, values: Part): boolean {
  const reason = whyNot(place, values)
  if (reason === null) return ask(place, 'freeze') !== null
  place.voice.out(`skipping guest filesystem freeze - ${reason}\n`)
  return false
}

export const thaw = (place: Place): AgentAnswer | null => ask(place, 'thaw')

const ask = ({ machine, vmid }: Place, what: 'freeze' | 'status' | 'thaw'): AgentAnswer | null =>
  machine.guests.agent(vmid, `guest-fsfreeze-${what}`, {})

function whyNot(place: Place, values: Part): string | null {
  const { machine, vmid } = place
  if (!isAgentOn(values) || agentSetting(values.get('agent')).get('freeze-fs') === '0') return 'disabled in VM options'
  if (machine.guests.agent(vmid, 'guest-ping', {}) === null) return 'agent configured but not running?'
  const status = ask(place, 'status')
  return status !== null && 'return' in status && status.return === 'frozen' ? 'already frozen' : null
}
