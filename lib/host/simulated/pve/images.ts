/**
 * What an image is on a simulated host: a line that tells its format and its size, since nothing reads what is inside
 * one, and a line each for its backing file and its snapshots.
 */

export const imageText = (bytes: number, format = 'raw', backing?: string): string =>
  `simulated ${format === 'raw' ? '' : `${format} `}disk image of ${bytes} bytes\n` +
  (backing === undefined ? '' : `backing ${backing}\n`)

export const imageSize = (text: string | null): number => Number(/of (\d+) bytes/.exec(text ?? '')?.[1] ?? 0)

export interface Backing {
  /** As seen from the image's folder. */
  readonly file: string
  readonly format: string
}

/** As qemu-img tells of an image that it makes (qm.jsonl n=18, 26, 98). */
export function formattingLine(path: string, format: string, bytes: number, backing?: Backing): string {
  const behind = backing === undefined ? '' : `backing_file=${backing.file} backing_fmt=${backing.format} `
  const details =
    format === 'qcow2'
      ? `cluster_size=${backing === undefined ? 65536 : 131072} extended_l2=${backing === undefined ? 'off' : 'on'} ` +
        `preallocation=metadata compression_type=zlib size=${bytes} ${behind}lazy_refcounts=off refcount_bits=16`
      : `size=${bytes} preallocation=off`
  return `Formatting '${path}', fmt=${format} ${details}\n`
}
