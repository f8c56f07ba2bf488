/** Thrown by a step that waits, when what it waits for can't come any more: the wait ends at once, with this as its cause. */
export class Hopeless extends Error {}
