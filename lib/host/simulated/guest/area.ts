/** Systems in guests: what belongs to one that runs there, and what happens to them. */
import type { Area } from '../area.ts'
import { lxcAttach } from './attach.ts'
import { setUpGuest } from './boot.ts'
import { cloudInit } from './cloud-init/run.ts'
import { guestEvents } from './events.ts'
import { settleGuests } from './power.ts'

/** Of cloud-init 25.1: its stages. */
const stages = ['cloud-init-local', 'cloud-init-network', 'cloud-config', 'cloud-final'].map(
  (name) => `${name}.service`,
)

/** Comes after the network, and before units are started. */
export const guestSystems: Area = {
  tools: { 'cloud-init': cloudInit, 'lxc-attach': lxcAttach },
  packages: {
    'cloud-init': { version: '25.1.4-1+deb13u1', tools: ['cloud-init'], units: stages },
    'netplan.io': { version: '1.1.2-7', files: { '/etc/netplan/': '' } },
    'qemu-guest-agent': { version: '1:10.0.3+ds-0+deb13u1', units: ['qemu-guest-agent.service'] },
  },
  units: {
    ...Object.fromEntries(stages.map((name) => [name, { type: 'oneshot' } as const])),
    'qemu-guest-agent.service': { static: true },
  },
  boot: setUpGuest,
  tick: settleGuests,
  events: guestEvents,
}
