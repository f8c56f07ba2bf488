/**
 * Runs the commands of README's tour and puts their real output below them. As a program it rewrites README.md; the
 * tests call it to see that README still tells the truth.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** What differs from run to run: run ids, times, durations, and which of two tasks at work at one moment is told of first. */
export const masked = (text: string): string =>
  text
    .replace(/(?:^\[\S+\] .*\n)+/gm, byTask)
    .replace(/\d{8}T\d{9}Z-[0-9a-z]{3}/g, 'RUN')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'TIME')
    .replace(/\b\d+\.\d s\b/g, 'DURATION')

function byTask(lines: string): string {
  const told = lines.split('\n').slice(0, -1)
  const taskOf = (line: string): string => /^\[(\S+)\]/.exec(line)?.[1] ?? ''
  const tasks = [...new Set(told.map(taskOf))].sort()
  return tasks.flatMap((task) => told.filter((line) => taskOf(line) === task).map((line) => `${line}\n`)).join('')
}

/** The text with every console block's output, and the mermaid drawing, made anew. */
export function runTour(text: string): { text: string; commands: number } {
  execFileSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'ignore' })
  const folder = mkdtempSync(join(tmpdir(), 'phx-tour-'))
  let commands = 0
  const shell = (line: string): string => {
    commands += 1
    const script = `phx() { ${JSON.stringify(process.execPath)} ${JSON.stringify(join(root, 'bin', 'phx.js'))} "$@"; }\n${line}`
    const { stdout } = spawnSync('bash', ['-c', `exec 2>&1\n${script}`], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', NO_COLOR: '1' },
    })
    return stdout.replaceAll(`${folder}/`, '').trimEnd()
  }
  try {
    for (const name of ['phoenix.config.json', 'files'])
      cpSync(join(root, name), join(folder, name), { recursive: true })
    const written = text
      .replace(/```console\n([\s\S]*?)```/g, (_, block: string) => {
        const lines = block.split('\n').filter((line) => line.startsWith('$ '))
        const lived = lines.map((line) => [line, shell(line.slice(2))].filter((part) => part !== '').join('\n'))
        return `\`\`\`console\n${lived.join('\n')}\n\`\`\``
      })
      .replace(/```mermaid\n[\s\S]*?```/, () => `\`\`\`mermaid\n${shell('phx graph setup --format mermaid')}\n\`\`\``)
    return { text: written, commands }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === import.meta.filename) {
  const readme = join(root, 'README.md')
  writeFileSync(readme, runTour(readFileSync(readme, 'utf8')).text)
}
