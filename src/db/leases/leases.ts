export interface Lease {
  name: string
  owner: string
  /** Epoch milliseconds. */
  until: number
}

export interface Leases {
  /** True if `owner` holds the lease now: it was free, had run out, was of the future, or was the owner's already. */
  acquire(name: string, owner: string, ttlMs: number): Promise<boolean>
  /** False if the owner has lost it: it must stop what the lease protects. */
  renew(name: string, owner: string, ttlMs: number): Promise<boolean>
  release(name: string, owner: string): Promise<void>
  /** Deletes leases that have run out; returns how many. */
  purge(): Promise<number>
  /** The last holder, whose lease may have run out. */
  find(name: string): Promise<Lease | undefined>
}
