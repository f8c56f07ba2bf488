/** The tag that says, to people and to phx, that a guest is phx's. */
import { type GuestConf, settledValues } from '../probes/guest-conf.ts'

export const mark = 'phx'

export const tagsOf = (conf: Pick<GuestConf, 'values' | 'pending'>): string[] =>
  (settledValues(conf).get('tags') ?? '').split(/[;, ]+/).filter((tag) => tag !== '')
