// There is one copy of every partition and it never changes its leader: all leader epochs are this one.

export const LEADER_EPOCH = 0;
