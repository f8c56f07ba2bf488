/** The QEMU guest agent (docs/interop/qemu-ga-ref of QEMU; answers as qemu-ga 10.0 gives them: test/guest/fake-agent.ts). */
import type { SimState } from '../model.ts'
import type { AgentAnswer, GuestSystem, Json, JsonObject } from '../pve/qm/machine.ts'
import { runningKernel } from '../system/kernel.ts'
import { NotSimulated } from '../tool.ts'
import { callTool } from '../tools.ts'
import { execute, refused, statusOf } from './agent-exec.ts'
import { enter, leave, placeIn } from './inside.ts'
import { type Place, settingsOf } from './place.ts'
import { askToLeave } from './power.ts'
import { reach } from './reach.ts'

type Command = (system: SimState, args: JsonObject, place: Place) => AgentAnswer

const returned = (value: Json): AgentAnswer => ({ return: value })

function osinfo(system: SimState): JsonObject {
  const text = system.files['/etc/os-release']?.content ?? ''
  const field = (name: string): string => new RegExp(`^${name}="?(.*?)"?$`, 'm').exec(text)?.[1] ?? ''
  return {
    name: 'Debian GNU/Linux',
    'kernel-release': runningKernel(system),
    version: `${field('VERSION_ID')} (${field('VERSION_CODENAME')})`,
    'pretty-name': field('PRETTY_NAME'),
    'version-id': field('VERSION_ID'),
    'kernel-version': '#1 SMP PREEMPT_DYNAMIC Debian',
    machine: 'x86_64',
    id: field('ID'),
  }
}

const typed = (address: string): JsonObject => {
  const [written = '', length] = address.split('/')
  const type = written.includes(':') ? 'ipv6' : 'ipv4'
  return { 'ip-address': written, 'ip-address-type': type, prefix: Number(length) }
}

function interfaces(system: SimState, place: Place): Json[] {
  const cards = [...settingsOf(place)].filter(([key]) => /^net\d+$/.test(key))
  const addressOf = (name: string): string => {
    const card = cards.find(([key]) => key.replace('net', 'eth') === name)?.[1] ?? ''
    return /([0-9A-F]{2}(:[0-9A-F]{2}){5})/i.exec(card)?.[1]?.toLowerCase() ?? ''
  }
  const own = Object.entries(system.network?.inForce ?? {}).filter(([name]) => name !== 'lo')
  const lo = ['127.0.0.1/8', '::1/128'].map(typed)
  return [
    { name: 'lo', 'ip-addresses': lo, 'hardware-address': '00:00:00:00:00:00' },
    ...own.map(([name, { addresses }]) => ({
      name,
      'ip-addresses': addresses.map(typed),
      'hardware-address': addressOf(name),
    })),
  ]
}

function setPassword(system: SimState, { username, password, crypted }: JsonObject): AgentAnswer {
  if (crypted !== true) throw new NotSimulated('guest-set-user-password that has to hash')
  const text = Buffer.from(String(password), 'base64').toString()
  const { exitCode, stderr } = callTool(system, ['chpasswd', '-e'], `${String(username)}:${text}\n`)
  return exitCode === 0 ? returned({}) : refused(`child process has failed to set user password: ${stderr.trim()}`)
}

const commands: Readonly<Record<string, Command>> = {
  'guest-exec': (system, args) => execute(system, args),
  'guest-exec-status': (system, { pid }) => statusOf(system, Number(pid)),
  'guest-fsfreeze-freeze': (_, __, { guest: { power } }) => {
    if (power) power.isFrozen = true
    return returned(1)
  },
  'guest-fsfreeze-status': (_, __, { guest }) => returned(guest.power?.isFrozen ? 'frozen' : 'thawed'),
  'guest-fsfreeze-thaw': (_, __, { guest: { power } }) => {
    const count = power?.isFrozen ? 1 : 0
    delete power?.isFrozen
    return returned(count)
  },
  'guest-get-host-name': (system) => returned({ 'host-name': system.hostname }),
  'guest-get-osinfo': (system) => returned(osinfo(system)),
  'guest-get-time': (system) => returned(system.now * 1e9),
  'guest-get-timezone': () => returned({ zone: 'UTC', offset: 0 }),
  'guest-info': () => returned(info()),
  'guest-network-get-interfaces': (system, _, place) => returned(interfaces(system, place)),
  'guest-ping': () => returned({}),
  'guest-set-user-password': setPassword,
  'guest-shutdown': (_, { mode }, place) => {
    askToLeave(place, mode === 'reboot' ? 'anew' : 'down')
    return returned({})
  },
  'guest-sync': (_, { id = 0 }) => returned(id),
  'guest-sync-delimited': (_, { id = 0 }) => returned(id),
}

/** The others could write, and would hang (qga/main.c, ga_freeze_allowlist). */
const whileFrozen = ['fsfreeze-status', 'fsfreeze-thaw', 'info', 'ping', 'sync', 'sync-delimited'].map(
  (name) => `guest-${name}`,
)

export const frozen = (command: string): string => `Command ${command} has been disabled: the agent is in frozen state`

const info = (): JsonObject => ({
  version: '10.0.13',
  supported_commands: Object.keys(commands).map((name) => ({
    enabled: true,
    name,
    'success-response': name !== 'guest-shutdown',
  })),
})

export const guestSystem = (host: SimState): GuestSystem => ({
  agent(vmid, command, args) {
    const place = placeIn(host, vmid)
    if (!place || reach(place, host.now) !== 'answers') return null
    const run = Object.hasOwn(commands, command) ? commands[command] : undefined
    if (!run) throw new NotSimulated(`the guest agent's ${command}`)
    if (place.guest.power?.isFrozen && !whileFrozen.includes(command)) return refused(frozen(command))
    const system = enter(place)
    const said = run(system, args, place)
    leave(place, system)
    return said
  },
})
