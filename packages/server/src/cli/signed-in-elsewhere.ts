/** Whether a command of this account would go to another workspace than the one that just started. */

/** @param httpUrl of the one that started */
export async function isSignedInElsewhere(httpUrl: string): Promise<boolean> {
  const { resolveConfiguration } = await import('@lakegate/client')
  try {
    const { host, authType } = await resolveConfiguration()
    return authType !== undefined || (host !== undefined && host !== httpUrl)
  } catch {
    // What is configured makes no sense, so a command that looks at it would fail.
    return true
  }
}
