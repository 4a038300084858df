export type PatternView = { 
/**
 * Why it is no pattern.
 */
problem: string | null, 
/**
 * Of each sample, whether it fits.
 */
fits: Array<boolean>, };
