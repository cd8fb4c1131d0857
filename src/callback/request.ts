export interface CallbackRequest {
  method: string
  /** As parsed by any web framework; parameters that are not one string count as missing. */
  query: Readonly<Record<string, unknown>>
  /** The raw body. */
  body?: string | undefined
  /** The Content-Type header; absent = the caller has seen to it. */
  contentType?: string | undefined
  /** The account named in the path; absent = the first configured one. */
  appid?: string | undefined
}

export interface CallbackAnswer {
  status: number
  /** Plain text. */
  body: string
}
