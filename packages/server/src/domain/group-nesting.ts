/** How deep groups are nested in groups. */

/** A change of members that would nest deeper is refused (attack 26); real directories stay below twenty. */
export const DEEPEST_GROUP_NESTING = 40

/**
 * How far up memberships are followed. More than may be made, so that every group that is there counts, and bounded, because
 * a circle that somebody made below our API must end.
 */
export const FOLLOWED_GROUP_NESTING = 50
