/** How phx knows its rules again: by the beginning of their comment, which ufw and Proxmox VE both keep. */
import type { FirewallRule } from '../../config/firewall.ts'

const mark = 'phx:'

export const commentOf = (rule: FirewallRule): string => `${mark}${rule.purpose}`

export const isOurs = (comment: string | null): boolean => comment?.startsWith(mark) === true
