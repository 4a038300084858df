export type PackRow = { name: string, 
/**
 * "The git pack"
 */
title: string, 
/**
 * What it is for, as its page begins.
 */
words: string, 
/**
 * How many policies it has.
 */
policies: number, 
/**
 * How many of them are in force, word for word but for their mode.
 */
there: number, };
