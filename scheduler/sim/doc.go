// Package sim holds the task market against a network of its own making: real
// libp2p hosts, gossip, brokers and workers in virtual time, on links with delay,
// loss and partitions. In: how many members, what weather, who cheats. Out: how
// long a match takes, what is delivered, who got the work. Inference is the only
// thing that is played. It has no product code; its tests are the simulation.
package sim
