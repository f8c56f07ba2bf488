/** chpasswd and passwd: only what needs no hashing, so `chpasswd -e` and `passwd -S`, `-l`, `-u`, `-d`. */
import { has, readOptions } from '../disk-tools/options.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { changeRow, rowsOf, today, userNamed } from './database.ts'
import { lockedOut } from './state.ts'

/** All lines or none (chpasswd(8)). */
export const chpasswd: Tool = (state, { args, stdin }) => {
  const options = readOptions('chpasswd', args, ['-e --encrypted'])
  if (!has(options, '-e')) throw new NotSimulated('chpasswd without -e: it would have to hash')
  const lines = stdin.split('\n').filter((line) => line !== '')
  const complaints = lines.flatMap((line, index) => {
    const colon = line.indexOf(':')
    if (colon < 0) return [`chpasswd: line ${index + 1}: missing new password\n`]
    const name = line.slice(0, colon)
    return userNamed(state, name) === undefined ? [`chpasswd: line ${index + 1}: user '${name}' does not exist\n`] : []
  })
  if (complaints.length > 0) return answer(1, '', `${complaints.join('')}chpasswd: error detected, changes ignored\n`)
  const locked = lockedOut(state, 'chpasswd', '/etc/passwd')
  if (locked !== null) return answer(1, '', locked)
  for (const line of lines) {
    const colon = line.indexOf(':')
    changeRow(state, 'shadow', line.slice(0, colon), { 1: line.slice(colon + 1), 2: today(state) })
  }
  return answer(0)
}

export const passwd: Tool = (state, { args }) => {
  const options = readOptions('passwd', args, ['-S --status', '-l --lock', '-u --unlock', '-d --delete'])
  const [name] = options.operands
  if (name === undefined || options.given.length !== 1) throw new NotSimulated('passwd that asks')
  const row = rowsOf(state, 'shadow').find(([own]) => own === name)
  if (row === undefined) return answer(1, '', `passwd: user '${name}' does not exist\n`)
  const [, hash = '', changed = '', least = '', most = '', warn = '', inactive = ''] = row
  if (has(options, '-S')) {
    const standing = hash === '' ? 'NP' : /^[!*]/.test(hash) ? 'L' : 'P'
    const date = new Date(Number(changed) * 86_400_000).toISOString().slice(0, 10)
    return answer(0, `${[name, standing, date, least, most, warn, inactive || '-1'].join(' ')}\n`)
  }
  const bare = hash.replace(/^!/, '')
  changeRow(state, 'shadow', name, { 1: has(options, '-d') ? '' : has(options, '-l') ? `!${bare}` : bare })
  return answer(0, 'passwd: password changed.\n')
}
