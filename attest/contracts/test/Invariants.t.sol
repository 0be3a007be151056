// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Disputes} from "../src/Disputes.sol";
import {Actors} from "./Actors.sol";
import {Vm} from "./Vm.sol";

/// @dev What must hold after any sequence of calls by anyone; see Actors.sol for
/// the calls. It is one function, because forge runs a whole campaign for each.
contract InvariantsTest is Actors {
    function setUp() public override {
        super.setUp();
        prepare();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function targetSelectors() external view returns (Vm.FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](14);
        selectors[0] = this.doWait.selector;
        selectors[1] = this.doPost.selector;
        selectors[2] = this.doClaim.selector;
        selectors[3] = this.doClaimMany.selector;
        selectors[4] = this.doVeto.selector;
        selectors[5] = this.doDeposit.selector;
        selectors[6] = this.doReserve.selector;
        selectors[7] = this.doThaw.selector;
        selectors[8] = this.doWithdraw.selector;
        selectors[9] = this.doRedeem.selector;
        selectors[10] = this.doNode.selector;
        selectors[11] = this.doChallenge.selector;
        selectors[12] = this.doResolve.selector;
        selectors[13] = this.doLapse.selector;
        targets = new Vm.FuzzSelector[](1);
        targets[0] = Vm.FuzzSelector(address(this), selectors);
    }

    function invariant_MoneyIsWhereItBelongs() public view {
        tokensAreConserved();
        claimsStayWithinTheBudget();
        nobodyIsPaidTwice();
        depositsAreHeldInFull();
        bondsAreHeldInFull();
    }

    /// @dev _active.cumulativeTotal of the distributor, the lower half of its slot
    /// (bindings/storage.txt). The views show a root that is due as active before
    /// anyone has activated it, when nothing is minted for it yet.
    uint256 private constant ACTIVE_TOTAL_SLOT = 9 + 2;

    /// @dev Nothing was minted but what the active root says, and no call lost or
    /// made a token.
    function tokensAreConserved() private view {
        uint256 budget = uint128(uint256(vm.load(address(distributor), bytes32(ACTIVE_TOTAL_SLOT))));
        same(token.totalSupply(), SUPPLY + budget, "supply");
        uint256 known = token.balanceOf(address(escrow)) + token.balanceOf(address(registry))
            + token.balanceOf(address(distributor)) + token.balanceOf(address(disputes)) + token.balanceOf(TREASURY)
            + token.balanceOf(OPERATOR) + token.balanceOf(CHALLENGER) + token.balanceOf(address(this));
        for (uint256 i = 0; i < nodes.length; ++i) {
            known += token.balanceOf(coldOf(1000 + i));
        }
        for (uint256 c = 0; c < CLINICS; ++c) {
            known += token.balanceOf(clinics[c]);
        }
        same(known, token.totalSupply(), "somebody unknown holds tokens");
    }

    /// @dev claimed <= cumulative <= budget <= rate x elapsed.
    function claimsStayWithinTheBudget() private view {
        uint256 claimed = 0;
        for (uint256 i = 0; i < nodes.length; ++i) {
            check(distributor.claimed(nodes[i]) <= most[i], "more was claimed than any root gave");
            claimed += distributor.claimed(nodes[i]);
        }
        check(claimed <= minted(), "more was claimed than minted");
        check(minted() <= uint256(RATE) * (vm.getBlockTimestamp() - START), "more was minted than the rate allows");
        same(token.balanceOf(address(distributor)), minted() - claimed, "the distributor holds the rest");
    }

    /// @dev What recipients hold is what roots and vouchers gave, once.
    function nobodyIsPaidTwice() private view {
        for (uint256 i = 0; i < nodes.length; ++i) {
            uint256 redeemed = 0;
            for (uint256 c = 0; c < CLINICS; ++c) {
                uint64 gwei_ = escrow.redeemedOf(clinics[c], nodes[i]);
                check(gwei_ <= vouched[c][i], "more was redeemed than vouched for");
                redeemed += uint256(gwei_) * 1 gwei;
            }
            same(
                token.balanceOf(coldOf(1000 + i)),
                distributor.claimed(nodes[i]) + redeemed + returned[i],
                "recipient"
            );
        }
    }

    /// @dev Each clinic's pots, thawing ones too, are backed by tokens.
    function depositsAreHeldInFull() private view {
        uint256 pots = 0;
        for (uint256 c = 0; c < CLINICS; ++c) {
            uint256 own = escrow.balanceOf(clinics[c]);
            uint256 paid = 0;
            for (uint256 i = 0; i < nodes.length; ++i) {
                (uint256 thawing,) = escrow.thawingOf(clinics[c], nodes[i]);
                own += escrow.reservedOf(clinics[c], nodes[i]) + thawing;
                paid += uint256(escrow.redeemedOf(clinics[c], nodes[i])) * 1 gwei;
            }
            same(own + paid + withdrawn[c], deposited[c], "a clinic's money");
            pots += own;
        }
        same(token.balanceOf(address(escrow)), pots, "escrow");
    }

    /// @dev A slashed bond is never withdrawn, a withdrawn one never slashed.
    function bondsAreHeldInFull() private view {
        uint256 held = 0;
        for (uint256 i = 0; i < nodes.length; ++i) {
            (,,,,,,,, bool gone, uint256 slashed,) = registry.nodeOf(nodes[i]);
            check(slashed <= BOND, "slashed more than the bond");
            if (gone) same(returned[i], BOND - slashed, "what was slashed came back");
            else held += BOND - slashed;
        }
        same(token.balanceOf(address(registry)), held, "registry");
        uint256 open = 0;
        for (uint256 id = 1; id <= disputes.count(); ++id) {
            if (disputes.disputeOf(id).state == Disputes.State.Open) open += CHALLENGE_BOND;
        }
        same(token.balanceOf(address(disputes)), open, "disputes");
    }
}
