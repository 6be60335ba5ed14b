/** Lru: a map that forgets what was used longest ago once it holds more than its capacity. */

/**
 * Keeps entries of at most `capacity` (≥ 1) together, each as large as `sizeOf` says it is when it is set: 1
 * when absent. `get` and `set` both count as use. An entry larger than all of it is forgotten at once.
 */
export class Lru<K, V> {
  private readonly entries = new Map<K, V>(); // a Map iterates in insertion order: oldest first
  private total = 0;

  constructor(
    readonly capacity: number,
    private readonly onEvict?: (value: V, key: K) => void,
    private readonly sizeOf: (value: V, key: K) => number = () => 1,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.take(key);
    this.entries.set(key, value);
    this.total += this.sizeOf(value, key);
    while (this.total > this.capacity) this.delete(this.entries.keys().next().value as K);
  }

  delete(key: K): void {
    const value = this.take(key);
    if (value !== undefined) this.onEvict?.(value, key);
  }

  clear(): void {
    for (const key of [...this.entries.keys()]) this.delete(key);
  }

  /** Out of the map, and nobody is told. */
  private take(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.total -= this.sizeOf(value, key);
    return value;
  }
}
