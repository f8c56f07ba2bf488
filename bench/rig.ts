/** What the benchmarks share: a scratch folder, phx with a synthetic graph, and the other tools as far as they are here. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleProgram } from '../scripts/bundle.mjs'
import { randomGraph, writeFiles } from './graphs.ts'
import type { Contender } from './timing.ts'

export interface Rig {
  readonly scratch: string
  /** phx over the graph in `folder`, as one contender. */
  phx(folder: string, env: Readonly<Record<string, string>>, flags?: readonly string[]): Contender
  /** The other runners that are installed, with nothing on their command line but what to build. */
  others(folder: string): readonly Contender[]
}

/** wireit and mise come from the npm registry into a cache outside the project. */
function npmTools(): string | null {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'phx-bench')
  const bin = join(cache, 'node_modules', '.bin')
  if (!existsSync(join(bin, 'wireit'))) {
    mkdirSync(cache, { recursive: true })
    const installed = spawnSync(
      'npm',
      ['install', '--prefix', cache, '--no-audit', '--no-fund', 'wireit@0.14.13', '@jdxcode/mise'],
      { encoding: 'utf8' },
    )
    if (installed.status !== 0) {
      console.error(
        `wireit and mise could not be installed, so they are left out: ${installed.stderr.trim().split('\n').at(-1)}`,
      )
      return null
    }
  }
  return bin
}

/** The same launcher, bundle and code cache as bin/phx.js has, with the synthetic tasks in place of phx's own. */
async function bundleSynthetic(scratch: string, out: string): Promise<void> {
  const folder = join(scratch, 'warm')
  mkdirSync(folder)
  writeFiles(folder, randomGraph(10), true)
  writeFileSync(join(folder, 'phoenix.config.json'), '{}')
  process.env.BENCH_FOLDER = folder
  const run = ['run', '-c', join(folder, 'phoenix.config.json'), '--state-dir', join(folder, 'state')]
  await bundleProgram({ entry: 'bench/synthetic.ts', folder: out, calls: [run, run] })
  delete process.env.BENCH_FOLDER
}

export async function makeRig(): Promise<Rig & { close(): void }> {
  const scratch = mkdtempSync(join(tmpdir(), 'phx-bench-'))
  const out = join(scratch, 'phx')
  await bundleSynthetic(scratch, out)
  const bin = npmTools()
  const installed = (tool: string): boolean => spawnSync('which', [tool]).status === 0
  for (const tool of ['ninja', 'make'])
    if (!installed(tool)) console.error(`${tool} is not installed, so it is left out`)
  return {
    scratch,
    phx: (folder, env, flags = []) => ({
      name: 'phx',
      argv: [
        process.execPath,
        join(out, 'phx.js'),
        'run',
        '--state-dir',
        join(folder, 'state'),
        '-c',
        join(folder, 'phoenix.config.json'),
        ...flags,
      ],
      cwd: folder,
      env: { BENCH_FOLDER: folder, ...env },
    }),
    others: (folder) => [
      ...(installed('ninja') ? [{ name: 'ninja', argv: ['ninja'], cwd: folder }] : []),
      ...(installed('make') ? [{ name: 'make', argv: ['make', '-r', '-j2', 'all'], cwd: folder }] : []),
      ...(bin
        ? [
            {
              name: 'wireit',
              argv: ['npm', 'run', 'all'],
              cwd: folder,
              env: { PATH: `${bin}:${process.env.PATH}`, WIREIT_CACHE: 'none' },
            },
          ]
        : []),
      ...(bin && existsSync(join(bin, 'mise'))
        ? [
            {
              name: 'mise',
              argv: [join(bin, 'mise'), 'run', 'all'],
              cwd: folder,
              env: { MISE_YES: '1', MISE_TRUSTED_CONFIG_PATHS: folder },
            },
          ]
        : []),
    ],
    close: () => rmSync(scratch, { recursive: true, force: true }),
  }
}

/** The machine, in one line: figures without it mean little. */
export function machine(): string {
  const cpus = execFileSync('nproc', { encoding: 'utf8' }).trim()
  return `Node ${process.version}, ${cpus} cores, ${process.platform} ${process.arch}`
}
