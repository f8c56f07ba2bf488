/** The image that build-image.sh makes, and the QEMU that lies in it. */
import { execFile, spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Image {
  readonly folder: string
  readonly root: string
  readonly kernel: string
  readonly initrd: string
  readonly sshKey: string
  /** argv of QEMU, and of qemu-img, to which options are appended. */
  readonly qemu: readonly string[]
  readonly qemuImg: readonly string[]
}

/** Builds the image if it isn't there, with progress on standard error. */
export async function openImage(): Promise<Image> {
  const script = fileURLToPath(new URL('build-image.sh', import.meta.url))
  const folder = await new Promise<string>((resolve, reject) => {
    const child = spawn('bash', [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0
        ? resolve(stdout.trim())
        : reject(new Error(`the lab's image could not be built (${script}), see above`)),
    )
  })
  try {
    accessSync(folder, constants.W_OK) // frozen states are kept beside the image
    accessSync(join(folder, 'id'), constants.R_OK)
  } catch {
    throw new Error(
      `the lab's image in ${folder} belongs to another user: run the lab as that user, or set PHX_LAB_CACHE`,
    )
  }
  return describe(folder)
}

function describe(folder: string): Image {
  const tree = join(folder, 'qemu')
  const lib = join(tree, 'usr/lib/x86_64-linux-gnu')
  const share = join(tree, 'usr/share')
  // QEMU of another Debian release needs that release's libc: its own loader finds it, no chroot needed.
  const loaders = [join(lib, 'ld-linux-x86-64.so.2'), join(tree, 'usr/lib64/ld-linux-x86-64.so.2')]
  const loader = [loaders.find(existsSync) ?? 'ld-linux-x86-64.so.2', '--library-path', lib]
  return {
    folder,
    root: join(folder, 'root.raw'),
    kernel: join(folder, 'vmlinux'),
    initrd: join(folder, 'initrd'),
    sshKey: join(folder, 'id'),
    qemu: [
      ...loader,
      join(tree, 'usr/bin/qemu-system-x86_64'),
      '-L',
      join(share, 'qemu'),
      '-L',
      join(share, 'seabios'),
    ],
    qemuImg: [...loader, join(tree, 'usr/bin/qemu-img')],
  }
}

/** Makes a qcow2 file: blank of the given size, or an overlay over another file. */
export async function createDisk(
  image: Image,
  file: string,
  from: { size: string } | { over: string; format: string },
) {
  const what = 'size' in from ? [file, from.size] : ['-b', from.over, '-F', from.format, file]
  const [program = '', ...args] = [...image.qemuImg, 'create', '-q', '-f', 'qcow2', ...what]
  await run(program, args)
}

/**
 * Whether this machine's KVM really boots the lab's kernel. /dev/kvm may belong to a hypervisor in software: it opens,
 * QEMU starts with it, and then the guest stands still. Only a boot tells; a real one needs about a second.
 */
export async function probeKvm(image: Image): Promise<'kvm' | 'tcg'> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK)
  } catch {
    return 'tcg'
  }
  const [program = '', ...args] = [
    ...image.qemu,
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-kernel', image.kernel, '-initrd', image.initrd],
    ...['-M', 'q35', '-accel', 'kvm', '-cpu', 'host', '-m', '256', '-no-reboot', '-serial', 'stdio'],
    ...['-append', 'console=ttyS0 quiet panic=-1 lab.probe'],
  ]
  const said = await run(program, args, { timeout: 8000, killSignal: 'SIGKILL' }).catch(
    (error) => error as { stdout?: string },
  )
  return said.stdout?.includes('LAB-PROBE-OK') ? 'kvm' : 'tcg'
}
