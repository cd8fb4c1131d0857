export interface TemplateRow {
  appid: string
  templateId: string
  title: string
  content: string
  example: string
  primaryIndustry: string
  deputyIndustry: string
  /** Epoch milliseconds. */
  fetchedAt: number
}

export interface Templates {
  find(templateId: string): Promise<TemplateRow | undefined>
  list(): Promise<TemplateRow[]>
  /** Makes the rows equal to what WeChat listed at `fetchedAt` (epoch milliseconds). */
  replace(listed: readonly Omit<TemplateRow, 'appid' | 'fetchedAt'>[], fetchedAt: number): Promise<void>
}
