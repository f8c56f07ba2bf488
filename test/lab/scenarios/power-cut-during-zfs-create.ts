import { configFile, declare, nothingToDo, run, type Scenario, usualHost } from '../scenario.ts'
import { layTripwire, startUntil } from '../tripwire.ts'

export const scenario: Scenario = {
  shows: 'the power is cut during zfs create; after the boot phx converges from what is there',
  async run(vm) {
    await declare(vm, usualHost)
    await layTripwire(vm)
    await vm.run('sync')
    await startUntil(vm, 'zfs create', ['run', 'setup', '-c', configFile, '--json'])
    await vm.powerCut()
    await vm.reboot()
    await run(vm, 0)
    await nothingToDo(vm)
  },
}
