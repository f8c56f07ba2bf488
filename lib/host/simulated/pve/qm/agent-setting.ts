/** The option `agent`: whether a machine has a channel to a guest agent, and what is asked of it. */
import { parseKeys, type Values } from '../property-string.ts'
import { agentKeys } from './device-keys.ts'

export function agentSetting(value: string | undefined): Values {
  const parsed = parseKeys('', agentKeys, value ?? '')
  return typeof parsed === 'string' ? new Map() : parsed
}

export const isAgentOn = (values: ReadonlyMap<string, string>): boolean =>
  agentSetting(values.get('agent')).get('enabled') === '1'
