// A thread has no loader of its own: run from source, this file gives it one. The build puts the compiled writerThread.ts
// in its place.
import { register } from 'tsx/esm/api'

register()
await import('./writerThread.ts')
