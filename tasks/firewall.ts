/** Module `firewall`: one task for the host's firewall, or for the rules of phx that are left of one. */
import { type DeclaredFirewall, declaredFirewall, noFirewall } from '../lib/config/firewall.ts'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { initialSetup } from '../lib/config/steps.ts'
import type { Resource, Task, TaskModule } from '../lib/engine/resource.ts'
import { PveRules } from '../lib/resources/firewall/pve-rules.ts'
import { PveSwitch } from '../lib/resources/firewall/pve-switch.ts'
import { UfwKernel } from '../lib/resources/firewall/ufw-kernel.ts'
import { UfwRules } from '../lib/resources/firewall/ufw-rules.ts'
import { UfwSwitch } from '../lib/resources/firewall/ufw-switch.ts'
import { Packages } from '../lib/resources/package/packages.ts'
import { Unit } from '../lib/resources/unit/unit.ts'

const id = 'firewall'

/** Rules first, then what makes them count, then the other backend's, of which nothing of phx's stays. */
function resourcesOf(declared: DeclaredFirewall): Resource[] {
  const starts = declared.enabled === true
  switch (declared.backend) {
    case 'ufw':
      return [
        new Packages(id, ['ufw']),
        new UfwKernel(declared),
        new UfwRules(declared),
        new UfwSwitch(declared),
        ...(starts ? [new Unit({ name: 'ufw.service', on: true })] : []),
        new PveRules(declared),
      ]
    case 'pve-firewall':
      return [
        new PveRules(declared),
        ...(starts ? [new Unit({ name: 'pve-firewall.service', on: true })] : []),
        new PveSwitch(declared),
        new UfwRules(declared),
      ]
    case 'none':
      return [new UfwRules(declared), new PveRules(declared)]
  }
}

function taskOf(declared: DeclaredFirewall, needs: readonly string[]): Task {
  const { backend, enabled, policies, rules, networks } = declared
  return {
    id,
    title: backend === 'none' ? 'No firewall of phx' : `Firewall (${backend})`,
    version: 1,
    groups: ['setup'],
    needs,
    inputs: { backend, enabled, policies: { ...policies }, rules: rules.map((rule) => ({ ...rule })), networks },
    resources: resourcesOf(declared),
  }
}

export const firewall: TaskModule<PhxConfig> = {
  name: id,
  expand(config, orphans) {
    const declared = declaredFirewall(config) ?? (orphans.includes(id) ? noFirewall : undefined)
    return declared === undefined ? [] : [taskOf(declared, initialSetup(config))]
  },
}
