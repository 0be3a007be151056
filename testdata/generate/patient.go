package main

import (
	"encoding/hex"
	"encoding/json"
)

// The invented patient and clinic. Every value is unlike anything that software
// writes by itself, so that finding one on the wire proves a leak. Telephone
// numbers are from the ranges reserved for fiction; the UID root is the
// enterprise number reserved for documentation (RFC 5612).
const (
	patientName     = "Müßiggang^Zoë-Renée^Ottilie"
	patientID       = "HGS-7741902-K"
	otherID         = "AHV-756.9217.0769.85"
	birthDate       = "19610226"
	birthTime       = "034511.250000"
	birthName       = "Quabbelmann^Zoë"
	motherName      = "Krähenbühl^Philomène"
	patientAddress  = "Gänsewinkel 173b, 9999 Zwirbelstetten"
	patientPhone    = "+41 555 017 4423"
	patientComments = "Nichte von Schwester Ottokar; pacemaker ruled out by phone"
	ethnicGroup     = "Zwirbelstetterin"
	occupation      = "Glockengiesserin"
	institution     = "Spital Sankt Wunibald"
	institutionAddr = "Klinikgasse 88, 9998 Oberquirlbach"
	department      = "Neuroradiologie Haus Föhrenhain"
	station         = "WUNIBALD-MR3"
	deviceSerial    = "SN-660173-QX"
	referring       = "Brömmelkamp^Leopold^^Dr."
	referringPhone  = "+41 555 019 8871"
	performing      = "Tschütscher^Ursina^^Dr."
	requesting      = "Wäspi-Ölander^Jeremias"
	reading         = "Nägelspacher^Friedhelm"
	operator        = "Hürlimann-Quast^Beatrix"
	accession       = "ACC-2039-558104"
	studyID         = "STY-40917"
	admissionID     = "ADM-88-30517"
	studyComments   = "Compare with Quabbelmann scan of spring"
	studyDesc       = "MRI Schädel Müßiggang"
	seriesDesc      = "t1_mprage_sag for Dr. Brömmelkamp"
	protocolName    = "Wunibald T1 Föhrenhain v3"
	imageComments   = "Repeat for Frau Müßiggang, moved"
	procedureID     = "REQ-710024"
	stepID          = "SPS-315577"
	procedureDesc   = "Kopf nativ (Wäspi-Ölander)"
	privateName     = "Zoë-Renée MÜSSIGGANG *1961"
	uploader        = "pacs-gateway.wunibald.example"
	studyDate       = "20240311"
	studyTime       = "142233.417000"
	seriesTime      = "142907.862000"
	uidRoot         = "1.3.6.1.4.1.32473.20240311.142233"
)

// identifiers lists every planted string with the attribute that holds it and
// its bytes in each character set in which it could travel.
func identifiers() []byte {
	type entry struct {
		Attribute string   `json:"attribute"`
		Text      string   `json:"text"`
		Hex       []string `json:"hex"` // the bytes to look for; any one is a leak
	}
	pairs := []string{
		"PatientName", patientName, "PatientID", patientID, "OtherPatientIDs", otherID,
		"PatientBirthDate", birthDate, "PatientBirthTime", birthTime, "PatientBirthName", birthName,
		"PatientMotherBirthName", motherName, "PatientAddress", patientAddress,
		"PatientTelephoneNumbers", patientPhone, "PatientComments", patientComments,
		"EthnicGroup", ethnicGroup, "Occupation", occupation,
		"InstitutionName", institution, "InstitutionAddress", institutionAddr,
		"InstitutionalDepartmentName", department, "StationName", station,
		"DeviceSerialNumber", deviceSerial, "ReferringPhysicianName", referring,
		"ReferringPhysicianTelephoneNumbers", referringPhone, "PerformingPhysicianName", performing,
		"RequestingPhysician", requesting, "NameOfPhysiciansReadingStudy", reading,
		"OperatorsName", operator, "AccessionNumber", accession, "StudyID", studyID,
		"AdmissionID", admissionID, "StudyComments", studyComments, "StudyDescription", studyDesc,
		"SeriesDescription", seriesDesc, "ProtocolName", protocolName, "ImageComments", imageComments,
		"RequestedProcedureID", procedureID, "ScheduledProcedureStepID", stepID,
		"ScheduledProcedureStepDescription", procedureDesc, "(0029,xx10) private", privateName,
		"(0029,xx11) private", uploader, "StudyDate", studyDate, "StudyTime", studyTime,
		"SeriesTime", seriesTime, "every UID", uidRoot,
		// Parts that leak even when the whole does not.
		"family name", "Müßiggang", "given name", "Zoë-Renée", "mother's family name", "Krähenbühl",
		"birth name", "Quabbelmann", "physician", "Brömmelkamp", "physician", "Tschütscher",
		"physician", "Wäspi-Ölander", "physician", "Nägelspacher", "operator", "Hürlimann",
		"clinic", "Wunibald", "clinic", "Föhrenhain", "town", "Zwirbelstetten", "town", "Oberquirlbach",
	}
	var list []entry
	for n := 0; n < len(pairs); n += 2 {
		e := entry{Attribute: pairs[n], Text: pairs[n+1], Hex: []string{hex.EncodeToString([]byte(pairs[n+1]))}}
		if other := hex.EncodeToString(latin1(pairs[n+1])); other != e.Hex[0] {
			e.Hex = append(e.Hex, other)
		}
		list = append(list, e)
	}
	out, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		panic(err) // strings always marshal
	}
	return append(out, '\n')
}
