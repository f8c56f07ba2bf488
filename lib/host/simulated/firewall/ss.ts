/** ss(8) as far as it lists TCP connections and those who wait for some, with their programs. */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { firewallIn } from './state.ts'

export const ss: Tool = (state, { args }) => {
  if (args.join(' ') === '-Hltnp') return answer(0, listening(state))
  if (args.join(' ') !== '-Htnp state established') throw new NotSimulated(`ss ${args.join(' ')}`)
  const lines = firewallIn(state).connections.map(
    ({ program, local, peer }, index) =>
      `0      0      ${local.padEnd(24)} ${peer.padEnd(24)} users:(("${program}",pid=${1200 + index},fd=4))\n`,
  )
  return answer(0, lines.join(''))
}

/** sshd and Proxmox VE's web interface. */
function listening(state: SimState): string {
  const config = state.files['/etc/ssh/sshd_config']?.content ?? ''
  const ports = [...config.matchAll(/^\s*Port\s+(\d+)/gim)].map(([, port = '']) => port)
  const row = (at: string, program: string): string =>
    `LISTEN 0      128    ${at.padEnd(20)} 0.0.0.0:*    users:(("${program}",pid=700,fd=3))\n`
  const sshd = (ports.length > 0 ? ports : ['22']).map((port) => row(`0.0.0.0:${port}`, 'sshd'))
  return [...sshd, row('*:8006', 'pveproxy')].join('')
}
