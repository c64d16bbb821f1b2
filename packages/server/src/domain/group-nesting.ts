/** How deep groups may be nested in groups. */

/** A change of members that would nest deeper is refused (attack 26); real directories stay below twenty. */
export const DEEPEST_GROUP_NESTING = 40

/**
 * How many levels of membership are followed. It is larger than DEEPEST_GROUP_NESTING, so that every existing group
 * counts; it is bounded, because a cycle that was written past our API must not loop for ever.
 */
export const FOLLOWED_GROUP_NESTING = 50
