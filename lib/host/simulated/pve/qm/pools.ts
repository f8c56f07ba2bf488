/** Pools and permissions of /etc/pve/user.cfg, as far as machines come into them and leave them. */
import { readUserConfig, saveUserConfig } from '../pveum/config.ts'
import { Refusal, type Surroundings } from '../surroundings.ts'

const silent = { out: () => undefined, warn: () => undefined }

export function requirePool(machine: Surroundings, pool: string): void {
  if (!readUserConfig(machine, silent).pools.has(pool))
    throw new Refusal(`403 Permission check failed (pool '${pool}' does not exist)\n`)
}

export function joinPool(machine: Surroundings, vmid: string, pool: string): void {
  const config = readUserConfig(machine, silent)
  for (const { vms } of config.pools.values()) vms.delete(vmid)
  config.pools.get(pool)?.vms.add(vmid)
  saveUserConfig(machine, config)
}

/** Nothing is left of a machine that is gone. */
export function forgetMachine(machine: Surroundings, vmid: string): void {
  const config = readUserConfig(machine, silent)
  const pools = [...config.pools.values()].filter(({ vms }) => vms.delete(vmid))
  const hadAcl = config.acl.delete(`/vms/${vmid}`)
  if (pools.length > 0 || hadAcl) saveUserConfig(machine, config)
}
