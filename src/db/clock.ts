import { hour } from '../base/duration.ts'

/** A stored time that is further ahead of our clock was written while a clock was wrong; it is not believed. */
export const clockTolerance = hour
