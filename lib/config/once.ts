/** Works something out once for each config, or part of one: rules and steps ask for it again and again. */
export function oncePer<Of extends object, Result>(work: (of: Of) => Result): (of: Of) => Result {
  const results = new WeakMap<Of, { readonly result: Result }>()
  return (of) => {
    const kept = results.get(of) ?? { result: work(of) }
    results.set(of, kept)
    return kept.result
  }
}
