/** One spelling of a path, where the kernel would read several alike: `/a//b/./c/` is `/a/b/c`. */
export function plainPath(path: string): string {
  const plain = path
    .replace(/\/+/g, '/')
    .replace(/(?:\/\.)+(?=\/|$)/g, '')
    .replace(/\/+$/, '')
  return plain === '' && path.startsWith('/') ? '/' : plain
}

/** Whether it goes through `..`: what that leads to depends on links that only the host knows. */
export function climbs(path: string): boolean {
  return path.split('/').includes('..')
}
