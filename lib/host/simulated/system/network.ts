/** Who answers on the network, and what is in force there: ip(8), ping(8). And systemd-run's timers, which go off as time passes (`sim wait SECONDS`). */
import { BlockList } from 'node:net'
import { canonicalAddress } from '../../../config/firewall-address.ts'
import type { Area } from '../area.ts'
import { readOptions } from '../disk-tools/options.ts'
import { makeFolders, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { callTool } from '../tools.ts'
import { bringUpAll, ifquery, ifreload, ifup } from './interfaces.ts'

function isIn(network: string, address: string): boolean {
  const [base = '', length = '32'] = network.split('/')
  const kind = base.includes(':') ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(base, Number(length), kind)
  return list.check(address, kind)
}

/** Only neighbours answer: nothing is known of what is behind a gateway. Unless told, gateways are the only ones. */
function answering(state: SimState, address: string): 'yes' | 'arp' | 'no' {
  const forces = Object.values(state.network?.inForce ?? {})
  const networks = forces.flatMap(({ addresses }) => addresses)
  if (networks.some((network) => network.split('/')[0] === address)) return 'yes' // the host itself
  if (!networks.some((network) => isIn(network, address))) return 'no'
  return state.network?.answers?.[address] ?? (forces.some(({ gateway }) => gateway === address) ? 'yes' : 'no')
}

const ping: Tool = (state, { args }) => {
  const [address = ''] = args.slice(-1)
  if (args.slice(0, -1).join(' ') !== '-n -c 1 -W 2') throw new NotSimulated(`ping ${args.join(' ')}`)
  const isThere = answering(state, address) === 'yes'
  const summary = `1 packets transmitted, ${isThere ? '1 received, 0%' : '0 received, 100%'} packet loss`
  return answer(isThere ? 0 : 1, `PING ${address} (${address}) 56(84) bytes of data.\n\n${summary}, time 0ms\n`)
}

const ip: Tool = (state, { args }) => {
  const forces = Object.entries(state.network?.inForce ?? {})
  const line = args.join(' ')
  if (line === '-j address show') {
    const links = forces.map(([ifname, { addresses }]) => ({
      ifname,
      operstate: 'UP',
      addr_info: addresses.map((address) => {
        const [written = '', length] = address.split('/')
        const local = canonicalAddress(written) ?? written
        return { family: local.includes(':') ? 'inet6' : 'inet', local, prefixlen: Number(length), scope: 'global' }
      }),
    }))
    return answer(0, `${JSON.stringify(links)}\n`)
  }
  if (line === '-j route show default') {
    const routes = forces.flatMap(([dev, { gateway }]) =>
      gateway === null ? [] : [{ dst: 'default', gateway, dev, protocol: 'kernel', flags: ['onlink'] }],
    )
    return answer(0, `${JSON.stringify(routes)}\n`)
  }
  const [to = ''] = args.slice(-1)
  if (line !== `-s -j neigh show to ${to}`) throw new NotSimulated(`ip ${line}`)
  const heard = answering(state, to) !== 'no'
  const age = heard ? { lladdr: 'bc:24:11:00:00:01', used: 1, confirmed: 1 } : { used: 4, confirmed: 64 }
  return answer(0, `${JSON.stringify([{ dst: to, ...age, state: [heard ? 'REACHABLE' : 'FAILED'] }])}\n`)
}

/** What systemctl(1) shows of when a timer goes off next, by the clock of /proc/uptime. */
const systemctl: Tool = (state, { args }) => {
  const [unit = ''] = args.slice(-1)
  if (args.slice(0, -1).join(' ') !== 'show --property=NextElapseUSecMonotonic --value')
    throw new NotSimulated(`systemctl ${args.join(' ')}`)
  const timer = state.network?.timers?.[unit.replace(/\.timer$/, '')]
  return answer(0, timer ? `${Math.floor(timer.due / 60)}min ${timer.due % 60}.5s\n` : '\n')
}

const transient = '/run/systemd/transient'

const systemdRun: Tool = (state, { args }) => {
  const start = args.findIndex((word) => !word.startsWith('-'))
  const [own, argv] = [args.slice(0, start), args.slice(start)]
  const { given } = readOptions('systemd-run', own, [
    '--collect',
    '--unit=',
    '--on-active=',
    '--timer-property=',
    '--property=',
  ])
  const values = new Map(given)
  const [unit, seconds] = [values.get('--unit'), Number(values.get('--on-active'))]
  if (start < 0 || unit === undefined || !Number.isInteger(seconds))
    throw new NotSimulated(`systemd-run ${args.join(' ')}`)
  const timer = `${unit}.timer`
  if (state.units?.[timer]?.active) {
    const fault = `Unit ${timer} was already loaded or has a fragment file.`
    return answer(1, '', `Failed to start transient timer unit: ${fault}\n`)
  }
  makeFolders(state, transient)
  writeText(state, `${transient}/${timer}`, `[Timer]\nOnActiveSec=${seconds}s\nRemainAfterElapse=no\n`)
  state.units = { ...state.units, [timer]: { enabled: false, active: true } }
  state.network ??= { inForce: {} }
  state.network.timers = { ...state.network.timers, [unit]: { due: state.now + seconds, argv } }
  return answer(0, '', `Running timer as unit: ${timer}\nWill run service as unit: ${unit}.service\n`)
}

/** What is left of a timer that was stopped, went off, or did not outlive the machine. */
function forget(state: SimState, unit: string): void {
  delete state.network?.timers?.[unit]
  delete state.units?.[`${unit}.timer`]
  delete state.files[`${transient}/${unit}.timer`]
}

function goOff(state: SimState): void {
  for (const [unit, { due, argv }] of Object.entries(state.network?.timers ?? {})) {
    const isActive = state.units?.[`${unit}.timer`]?.active === true
    if (isActive && due > state.now) continue
    forget(state, unit)
    if (isActive) callTool(state, argv)
  }
}

export const network: Area = {
  tools: { ifquery, ifreload, ifup, ip, ping, systemctl, 'systemd-run': systemdRun },
  packages: {
    ifupdown2: { version: '3.3.0-1+pmx11', tools: ['ifup'] },
    'iputils-ping': { version: '3:20240905-3', preinstalled: true, tools: ['ping'] },
  },
  virtualFile: (state, path) => (path === '/proc/uptime' ? `${state.now}.50 0.00\n` : undefined),
  seed: bringUpAll,
  boot(state) {
    for (const unit of Object.keys(state.network?.timers ?? {})) forget(state, unit)
    delete state.files['/run/phx-interfaces']
    bringUpAll(state)
  },
  events: {
    wait(state, [seconds = '0']) {
      state.now += Number(seconds)
      goOff(state)
      return null
    },
    answers(state, [address = '', how = '']) {
      if (!['yes', 'arp', 'no'].includes(how)) return 'answers ADDRESS yes|arp|no'
      state.network ??= { inForce: {} }
      state.network.answers = { ...state.network.answers, [address]: how as 'yes' | 'arp' | 'no' }
      return null
    },
  },
}
