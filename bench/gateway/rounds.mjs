// Rounds that take turns: every contender once, then every contender again, so that whatever else the machine does
// meets all of them.

/**
 * @param contenders by key
 * @param one measures a contender once
 * @returns by key, the results in the order of the rounds; the first round warms up and does not count
 */
export async function takeTurns(contenders, count, one) {
  const results = Object.fromEntries(Object.keys(contenders).map((key) => [key, []]))
  for (let round = 0; round <= count; round += 1) {
    for (const [key, contender] of Object.entries(contenders)) {
      const result = await one(contender, key)
      if (round > 0) results[key].push(result)
    }
  }
  return results
}

export const pick = (contenders, keys) =>
  Object.fromEntries(keys.filter((key) => key in contenders).map((key) => [key, contenders[key]]))
